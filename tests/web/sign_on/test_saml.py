"""Sign in with a signed SAML response. The tests need python3-saml, which is not required otherwise."""

import base64
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.test import Client

from classroom_admin.accounts.models import User
from classroom_admin.audit.models import Entry
from classroom_admin.environment import sign_on

utils = pytest.importorskip("onelogin.saml2.utils")
IDP = "https://idp.school.test/metadata"
HOST = "http://testserver"
FOLDER = Path(__file__).parent
ASSERTION = (FOLDER / "saml_assertion.xml").read_text()
RESPONSE = (FOLDER / "saml_response.xml").read_text()
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


def key_and_certificate() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


KEY, CERTIFICATE = key_and_certificate()
OTHER_KEY, OTHER_CERTIFICATE = key_and_certificate()


@pytest.fixture
def adfs(db: None, settings: Any) -> None:
    body = "".join(CERTIFICATE.splitlines()[1:-1])
    given = {
        "SAML_ADFS_ENTITY_ID": IDP,
        "SAML_ADFS_SIGN_IN_URL": "https://idp.school.test/sso",
        "SAML_ADFS_CERTIFICATE": body,
        "SAML_ADFS_LABEL": "AD FS",
        "SAML_ADFS_RULES": "group teachers -> teacher",
        "SAML_ADFS_CREATE_ACCOUNTS": "true",
        "SAML_ADFS_VERIFIED_DOMAINS": "school.test",
    }
    settings.SAML_PROVIDERS = sign_on.read(sign_on.SamlProvider, ["adfs"], given)


def start(client: Client) -> str:
    """Start the sign-in. Return the id of the request that goes to the provider."""
    address = client.get("/sign-in/school/adfs/")["Location"]
    assert address.startswith("https://idp.school.test/sso?SAMLRequest=")
    packed = base64.b64decode(parse_qs(urlsplit(address).query)["SAMLRequest"][0])
    request = zlib.decompress(packed, -15).decode()
    assert f'AssertionConsumerServiceURL="{HOST}/sign-in/saml/adfs/acs/"' in request
    return request.partition(' ID="')[2].partition('"')[0]


def response(answers: str, *, key: str = KEY, certificate: str = CERTIFICATE, **changed: str) -> str:
    """Return a SAML response with a signed assertion, as a form field."""
    moment = {name: (datetime.now(UTC) + timedelta(minutes=by)).strftime("%Y-%m-%dT%H:%M:%SZ")
              for name, by in (("now", 0), ("before", -5), ("after", 5))}  # fmt: skip
    facts = {
        "email": "new@school.test", "group": "teachers", "format": PERSISTENT, "name_id": "n-7", **moment,
        "destination": f"{HOST}/sign-in/saml/adfs/acs/",
        "audience": f"{HOST}/sign-in/saml/adfs/metadata/", "issuer": IDP, "answers": answers, **changed,
    }  # fmt: skip
    assertion = ASSERTION.format(**facts)
    signed = utils.OneLogin_Saml2_Utils.add_sign(assertion, key, certificate)
    signed = signed.decode() if isinstance(signed, bytes) else signed
    return base64.b64encode(RESPONSE.format(**facts, assertion=signed).encode()).decode()


def come_back(client: Client, saml_response: str) -> Any:
    kept = client.post("/sign-in/saml/adfs/acs/", {"SAMLResponse": saml_response, "RelayState": ""})
    assert (kept.status_code, kept["Location"]) == (302, "/sign-in/saml/adfs/acs/finish/")
    return client.get(kept["Location"])


def test_signed_response_creates_the_account(adfs):
    client = Client()
    answer = come_back(client, response(start(client)))
    assert (answer.status_code, answer["Location"]) == (302, "/")
    made = User.objects.get()
    assert (made.email, made.name, made.role) == ("new@school.test", "Nuria Nueva", "teacher")
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"key": OTHER_KEY, "certificate": OTHER_CERTIFICATE},
        {"audience": "https://another.test"},
        {"issuer": "https://evil.test"},
        {"after": "2020-01-01T00:00:00Z"},
        {"format": TRANSIENT},
        {"group": "students"},
        {"email": "new@elsewhere.test"},
    ],
)
def test_other_responses_are_refused_and_recorded(adfs, changed):
    client = Client()
    answer = come_back(client, response(start(client), **changed))
    assert answer.status_code == 403
    assert "You are not signed in" in answer.content.decode()
    assert Entry.objects.first().action == "account.sign_in_failed"
    assert not User.objects.exists()
    assert client.get("/").status_code == 302


def test_unsigned_response_is_refused(adfs):
    client = Client()
    signed = base64.b64decode(response(start(client))).decode()
    begin, end = signed.index("<ds:Signature"), signed.index("</ds:Signature>") + len("</ds:Signature>")
    answer = come_back(client, base64.b64encode((signed[:begin] + signed[end:]).encode()).decode())
    assert answer.status_code == 403
    assert not User.objects.exists()


def test_response_that_nobody_asked_for_is_refused(adfs):
    assert come_back(Client(), response("_guessed")).status_code == 403
    client, other = Client(), Client()
    assert come_back(other, response(start(client))).status_code == 403
    assert not User.objects.exists()


def test_response_works_once(adfs):
    client = Client()
    saml_response = response(start(client))
    come_back(client, saml_response)
    client.post("/sign-out/")
    assert come_back(client, saml_response).status_code == 403


def test_metadata_names_the_addresses_without_single_logout(adfs):
    answer = Client().get("/sign-in/saml/adfs/metadata/")
    page = answer.content.decode()
    assert f'entityID="{HOST}/sign-in/saml/adfs/metadata/"' in page
    assert f"{HOST}/sign-in/saml/adfs/acs/" in page
    assert "SingleLogoutService" not in page
    assert Client().get("/sign-in/saml/adfs/sls/").status_code == 404

"""Export or erase a person's data, or repeat erasures after a restore: `manage.py person …`."""

import json
import time
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError, CommandParser

from classroom_admin.accounts.models import User
from classroom_admin.actions.errors import ActionRefused
from classroom_admin.common import clock
from classroom_admin.privacy import erasure_repeat, person_jobs
from classroom_admin.privacy.erasure_ledger import NoKey
from classroom_admin.privacy.person import Candidate, Subject, candidates, find, subject_of
from classroom_admin.privacy.person_data import counts_of
from classroom_admin.privacy.person_models import Erasure, PersonJob
from classroom_admin.privacy.person_rest import delete_export
from classroom_admin.rooms.models import ListedPerson

_WAIT_S = 24 * 3600.0


class Command(BaseCommand):
    help = "Export or erase what the installation has about a person."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        for name, words in (("export", "write a zip with the person's data"), ("erase", "erase the person")):
            one = commands.add_parser(name, help=words)
            one.add_argument(
                "--user-id", action="append", default=[], help="a cloud user id; may be repeated"
            )
            one.add_argument("--email", action="append", default=[], help="an email address; may be repeated")
            one.add_argument(
                "--name", action="append", default=[], help="a name on class lists; may be repeated"
            )
            one.add_argument("--dry-run", action="store_true", help="only say what would be done")
            one.add_argument("--json", action="store_true", help="write JSON")
            if name == "export":
                one.add_argument("--output", metavar="FILE", help="the zip to write; needed unless --dry-run")
            else:
                one.add_argument(
                    "--mode", choices=Erasure.Mode.values, default=Erasure.Mode.PSEUDONYMISE.value
                )
                one.add_argument("--yes", action="store_true", help="do not ask")
        repeat = commands.add_parser("repeat-erasures", help="after a restore: erase again who was erased")
        repeat.add_argument("--json", action="store_true", help="write JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["command"] == "repeat-erasures":
            self._repeat(options)
            return
        found = _chosen(options)
        subject = subject_of(one.value for one in found)
        counts = counts_of(subject)
        if not counts:
            raise CommandError("Nobody with this user id, email address or name is known here.")
        if options["dry_run"]:
            self._say(options, {"person": [_described(one) for one in found], "counts": counts})
        elif options["command"] == "export":
            self._export(options, subject)
        else:
            self._erase(options, subject, found, counts)

    def _export(self, options: dict[str, Any], subject: Subject) -> None:
        if not options["output"]:
            raise CommandError("Name the file with --output.")
        job = _finished(person_jobs.request_export(subject, by=None))
        target = Path(options["output"])
        with default_storage.open(job.file, "rb") as made, target.open("wb") as file:
            target.chmod(0o600)
            while piece := made.read(1 << 20):
                file.write(piece)
        delete_export(job)
        self._say(options, {"file": str(target), "counts": job.counts})

    def _erase(
        self, options: dict[str, Any], subject: Subject, found: list[Candidate], counts: dict[str, int]
    ) -> None:
        if not options["yes"]:
            for one in found:
                self.stdout.write(f"{one.kind}: {one.name} ({one.about})")
            for name, count in counts.items():
                self.stdout.write(f"{name}: {count}")
            if input("Erase this person? This can't be undone. Type yes: ").strip() != "yes":
                raise CommandError("Nothing was erased.")
        try:
            job = _finished(person_jobs.request_erasure(subject, mode=options["mode"], by=None))
        except ActionRefused as refusal:
            raise CommandError(str(refusal.message)) from refusal
        self._say(options, _outcome(job))

    def _repeat(self, options: dict[str, Any]) -> None:
        try:
            jobs = erasure_repeat.missing_erasures()
        except NoKey as error:
            raise CommandError(str(error)) from error
        self._say(options, {"repeated": [_outcome(_finished(job)) for job in jobs]})

    def _say(self, options: dict[str, Any], values: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(values, ensure_ascii=False))
            return
        for name, value in values.items():
            self.stdout.write(f"{name}: {value if isinstance(value, str) else json.dumps(value)}")


def _chosen(options: dict[str, Any]) -> list[Candidate]:
    """Return the certain candidates of the given ids and addresses, and the entries with the given names."""
    ids, emails = list(options["user_id"]), [email.lower() for email in options["email"]]
    ids += (
        ListedPerson.objects.filter(email__in=emails)
        .exclude(user_uuid="")
        .values_list("user_uuid", flat=True)
    )
    accounts = list(User.objects.filter(email__in=emails).values_list("pk", flat=True))
    found = [one for one in candidates(user_uuids=ids, accounts=accounts) if one.certain]
    for email in emails:
        found += [one for one in find(email) if one.kind == "listed"]
    for name in options["name"]:
        found += [one for one in find(name) if one.kind == "listed" and one.name == name]
    return list({one.value: one for one in found}.values())


def _described(one: Candidate) -> dict[str, Any]:
    return {"kind": one.kind, "name": one.name, "about": one.about, "classes": one.classes}


def _outcome(job: PersonJob) -> dict[str, Any]:
    return {"erased_as": job.erasure.name if job.erasure else "", "counts": job.counts}


def _finished(job: PersonJob) -> PersonJob:
    """Do a job in this process, and return its row. Raise ``CommandError`` if it failed."""
    ends_at = clock.monotonic() + _WAIT_S
    while True:
        claimed = person_jobs.claim_one(job.pk)
        if claimed is not None:
            person_jobs.run(claimed, ends_at=ends_at)
        job.refresh_from_db()
        if not job.is_open:
            break
        if claimed is not None and job.claimable_at is not None and job.claimable_at > clock.now():
            raise CommandError(
                "The data was changed, but the database is in use. The server finishes the job."
            )
        time.sleep(0.2)
    if job.state != PersonJob.State.DONE:
        raise CommandError(job.why or "The job failed.")
    return job

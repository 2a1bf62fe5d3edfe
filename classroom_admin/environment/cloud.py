"""The environment variables of the connection to the cloud."""

from typing import Annotated, Literal

from classroom_admin.environment.fields import (
    Interval,
    LinkTemplate,
    Lower,
    Number,
    Section,
    Upper,
    WebAddress,
    variable,
)


class Cloud(Section):
    title = "The cloud"
    intro = (
        "You find the App ID and the certificate in Agora's console. "
        "*Settings → Test the connection* shows what is wrong."
    )

    AGORA_APP_ID: str = variable("The App ID of your Agora project")
    AGORA_APP_CERTIFICATE: str = variable(
        "The certificate of your Agora project; a secret", secret="literal", least=16
    )
    AGORA_REGION: Annotated[str, Lower] = variable(
        "The region of Flexible Classroom: `cn`, `ap`, `eu` or `na`", "na"
    )
    AGORA_BASE_URL: WebAddress = variable("The address of the cloud's API", "https://api.agora.io")
    AGORA_FALLBACK_URL: WebAddress = variable(
        "The address to use while the first one does not answer; empty: none", "https://api.sd-rtn.com"
    )
    AGORA_UID: str = variable(
        "The user id in the tokens that the dashboard makes for itself", "classroom-admin"
    )
    AGORA_CUSTOMER_ID: str = variable(
        "The customer id of the Agora console's RESTful API; needed only to block microphones and cameras"
    )
    AGORA_CUSTOMER_SECRET: str = variable("The secret of that customer id", secret="literal", least=8)
    AGORA_AUTH: Annotated[Literal["auto", "rtm", "education"], Lower] = variable(
        "The kind of token: `rtm`, `education`, or `auto`, which finds the kind that the cloud accepts",
        "auto",
    )
    AGORA_POLL_SECONDS: Interval | None = variable(
        "The polling interval for events, in seconds; without a value it adapts",
        None,
        shown="0.2 while someone watches a live class, 5 while no class is live and nobody looks, else 1",
    )
    AGORA_REQUESTS_PER_SECOND: Number = variable(
        "The request limit per second, for all processes together; `0`: no limit", 20.0
    )
    AGORA_RECORD_UPDATE_METHOD: Annotated[Literal["PATCH", "PUT"], Upper] = variable(
        "The HTTP method that updates a recording: `PATCH`, or `PUT` for the older API", "PATCH"
    )
    AGORA_CLOCK_URL: str = variable("The simulator whose clock to follow; for tests only")
    RELAY_SECRET: str = variable(
        "The secret that signs requests to the webhook `/api/notifications`, at least 16 characters; empty: "
        "the webhook is off",
        secret="literal",
        least=16,
    )
    AGORA_NOTIFICATIONS_SECRET: str = variable(
        "The secret of the cloud's Notifications service, which signs requests to "
        "`/api/agora/notifications/`; empty: the address does not exist",
        secret="literal",
        least=8,
    )
    AGORA_CHAT_URL: WebAddress = variable(
        "The address of Agora Chat's REST API, as Agora's console shows it, such as "
        "`https://a61.chat.agora.io`; empty: Agora Chat is not called ([Agora Chat](agora-chat.md))"
    )
    AGORA_CHAT_SECRET: str = variable(
        "The secret of the callback rule of Agora Chat that calls `/api/agora/chat/`; "
        "empty: this webhook is off",
        secret="literal",
        least=8,
    )
    JOIN_URL_TEMPLATE: LinkTemplate = variable(
        "The link into your classroom app, with `{room} {user} {name} {role}`, and `{token}` for an "
        "education token that is valid for ten minutes ([joining](joining.md)); empty: no links. Without its "
        "query, it is also the suggested address of a web-page recording"
    )

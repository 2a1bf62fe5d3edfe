"""The codes of all problems that the client reports. `common.problem_texts` has a text for each code."""

from __future__ import annotations

from enum import StrEnum, auto


class Code(StrEnum):
    """The code of a problem. The comment after a code lists its parameters."""

    # Invalid arguments, found before a call is sent. The text follows the name of the field.
    MISSING = auto()
    NOT_TEXT = auto()
    LONE_SURROGATE = auto()
    NAME_EMPTY = auto()
    NAME_UNSEEN = auto()
    NAME_TOO_LONG = auto()  # most, has
    CONTROL_CHARACTERS = auto()
    NOT_WHOLE = auto()
    NOT_NUMBER = auto()
    TOO_SMALL = auto()  # least, value
    OUT_OF_RANGE = auto()  # least, most, value
    NOT_A_CHOICE = auto()  # choices, value
    NOT_BOOLEAN = auto()
    BAN_TOO_SHORT = auto()  # seconds
    ADDRESS_BLANK = auto()
    NOT_ADDRESS = auto()
    NOT_OBJECT = auto()
    PROPERTIES_EMPTY = auto()
    PROPERTY_NAME = auto()  # name
    NOT_JSON = auto()  # error
    NAME_IN_LIST_EMPTY = auto()
    NEXT_ID = auto()
    NOT_LIST = auto()
    LIST_EMPTY = auto()
    SETTINGS_EMPTY = auto()
    UNKNOWN_SETTING = auto()  # name, known
    TOO_MANY_PIXELS = auto()  # most, width, height, pixels, usual_width, usual_height
    PAGE_MISSING = auto()
    WEB_SETTINGS_MISSING = auto()
    ONLY_WEB = auto()
    CONVERSION_NOT_FOR_FILE = auto()  # kind, ext, fitting
    ONLY_DYNAMIC = auto()
    ONLY_STATIC = auto()
    UNKNOWN_ROLE = auto()  # role
    GROUPS_EMPTY = auto()
    IN_TWO_GROUPS = auto()  # user

    # Invalid configuration.
    BASE_URL_MISSING = auto()
    HOST_WRONG = auto()  # name
    REGION_MISSING = auto()
    REGION_UNKNOWN = auto()  # value
    PROJECT_VALUE_MISSING = auto()  # name
    PROJECT_VALUE_WRONG = auto()  # name
    AUTH_UNKNOWN = auto()  # value
    UID_MISSING = auto()
    UID_WRONG = auto()  # signs
    UPDATE_METHOD_UNKNOWN = auto()  # value
    TIMEOUTS_WRONG = auto()
    REQUEST_LIMIT_WRONG = auto()

    # Results of the connection test.
    CONNECTION_WORKS = auto()
    WORKS_CLOCK_BEHIND = auto()  # size
    WORKS_CLOCK_AHEAD = auto()  # size
    APP_ID_UNKNOWN = auto()
    TOKEN_REFUSED = auto()
    TOKEN_REFUSED_CLOCK_BEHIND = auto()  # size
    TOKEN_REFUSED_CLOCK_AHEAD = auto()  # size
    NO_SUCH_ADDRESS = auto()
    CALLED_TOO_OFTEN = auto()
    CHECK_THE_NETWORK = auto()
    NOT_THE_CLOUD = auto()
    CLOUD_IN_TROUBLE = auto()
    TEST_REFUSED = auto()
    CLOUD_SAID = auto()  # error

    # Failures to send a call or to parse its answer.
    NO_ADDRESS = auto()
    TOO_MANY_REQUESTS_HERE = auto()
    NO_TIME_LEFT = auto()
    REDIRECTED = auto()
    ANSWER_TOO_LONG = auto()
    ANSWER_TOO_SLOW = auto()
    ANSWER_STOPPED = auto()
    ANSWER_BROKE_OFF = auto()  # kind
    PROXY_FAILED = auto()
    TLS_FAILED = auto()
    CONNECT_TIMED_OUT = auto()
    NO_ANSWER_IN_TIME = auto()
    UNREACHABLE = auto()
    CONNECTION_BROKE = auto()
    NO_TOKEN = auto()
    ANSWER_NOT_JSON = auto()  # error
    NO_ENVELOPE = auto()
    NO_LIST_OF_EVENTS = auto()

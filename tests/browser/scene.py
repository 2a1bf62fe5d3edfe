"""A believable class, for the pages that people look at."""

from tests.browser.school import Classroom

PUPILS = [
    ("p1", "Zoë Brandt"),
    ("p2", "Amir Haddad"),
    ("p3", "Lena Fischer"),
    ("p4", "Mateo García López"),
    ("p5", "Sakura Kobayashi"),
    ("p6", "ليلى منصور"),
    ("p7", "Jonas Weber"),
    ("p8", "Ngozi Okafor"),
    ("p9", "Sofie Lindqvist"),
    ("p10", "Tom Becker"),
    ("p11", "Priya Raman"),
    ("p12", "Ilse van den Berg"),
    ("p13", "Oskar Nowak"),
]
TALK = [
    ("teacher-1", "Good morning! Please open worksheet 3."),
    ("p1", "Good morning"),
    ("p7", "Which page?"),
    ("teacher-1", "Page 2, the right triangle. Who can tell me the longest side?"),
    ("p5", "The hypotenuse"),
    ("p2", "c² = a² + b², so c = 5"),
    ("teacher-1", "Exactly. Amir, would you show us on the board?"),
]


def furnish(room: Classroom) -> None:
    """Pupils, hands, stage, rewards, chat, files, a quiz, a poll and a recording."""
    for user_uuid, name in PUPILS:
        room.enter(user_uuid, name, stream=user_uuid in ("p2", "p3", "p8"))
    for user_uuid, words in TALK:
        if user_uuid != "teacher-1" or any(user["userUuid"] == "teacher-1" for user in room.truth()["users"]):
            room.act("chat", userUuid=user_uuid, message=words)
    room.act("stage", userUuid="p2")
    for user_uuid in ("p9", "p4"):
        room.act("wave", userUuid=user_uuid)
    for user_uuid, change in (("p2", 3), ("p5", 1), ("p11", 2)):
        room.act("reward", userUuid=user_uuid, change=change)
    room.act("mute", userUuid="p10", muteChat=1)
    room.act("drop", userUuid="p13")
    room.act("kick", userUuid="p12", duration=600)
    room.act("resource", resourceUuid="w3", resourceName="Worksheet 3.pdf", size=284_113, convert=True)
    room.act("resource", resourceUuid="tri", resourceName="Right triangles.pptx", ext="pptx", size=1_920_400)
    room.act("record", state=1, mode="web")
    room.act("quiz", userUuid="p1", items=["3", "4", "5"], correctItems=["5"])
    for user_uuid, item in (("p2", "5"), ("p3", "5"), ("p7", "4"), ("p9", "5")):
        room.act("answer", userUuid=user_uuid, selectedItems=[item])

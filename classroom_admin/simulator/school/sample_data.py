"""Names and texts of the simulated school. Many break pages that do not escape or wrap text."""

import random

FIRST = (
    "Ada",
    "Benedikt",
    "Chidi",
    "Dana",
    "Élodie",
    "Fatima",
    "Goran",
    "Hana",
    "Ines",
    "Jamal",
    "Kofi",
    "Léa",
    "Mira",
    "Noor",
    "Oskar",
    "Priya",
    "Quentin",
    "Rosa",
    "Søren",
    "Tomás",
    "Uma",
    "Viktor",
    "Wren",
    "Ximena",
    "Yara",
    "Zoë",
)
LAST = (
    "Abiola",
    "Becker",
    "Castro",
    "Dubois",
    "Eriksen",
    "Fischer",
    "García",
    "Haddad",
    "Ivanova",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Nguyễn",
    "O’Brien",
    "Petrović",
    "Quispe",
    "Rossi",
    "Schröder",
    "Tanaka",
    "Usman",
    "Weiß",
)
UNUSUAL = (
    "<script>alert(1)</script>",
    "محمد عبد الرحمن الفارسي",
    "שרה לוי",
    "王小明",
    "山田 花子",
    "김서연",
    "🦄 Mia 🦄",
    "👩‍👩‍👧‍👦 Familie Vogel",
    "Maximiliane Alexandra Theodora von Hohenstein-Bartenstein und zu Wolkenburg",
    "Robert'); DROP TABLE students;--",
    "O",
    "{{ 7*7 }} ${7*7}",
    "Zalgo Ẕ̷̨a̵͝l̴g̸o̷",
    "  spaces  around  ",
    "&lt;b&gt;Bold&lt;/b&gt;",
    "مريم\u202eabc",
)
SUBJECTS = (
    "Mathematics",
    "English literature",
    "Chemistry",
    "Geography",
    "History of art",
    "Physics",
    "Biology",
    "Spanish",
    "Music",
    "Philosophy",
    "Computer science",
    "Chinese 中文",
)
CHAT = (
    "good morning!",
    "could you repeat that please?",
    "I can't hear you",
    "yes",
    "no",
    "👍",
    "is this in the exam?",
    "my camera is broken again 😩",
    "<img src=x onerror=alert(1)>",
    "نعم، فهمت",
    "我明白了",
    "https://example.test/notes?a=1&b=2",
    "what page are we on?",
    "can I go to the toilet?",
    "x² + y² = r²",
    "brb",
    "thank you!",
    "Was ist die Hausaufgabe?",
    "I think it's 42",
    "done ✅",
    "This is a rather long message that somebody typed without ever pressing the return key, since they "
    "wanted to explain in one go why the answer to the third question can be read in two ways, and which of "
    "the two the book means.",
)
TEACHER_CHAT = (
    "Welcome, everyone.",
    "Please open your books.",
    "Five more minutes.",
    "Well done!",
    "Cameras on, please.",
    "Who would like to answer?",
    "The slides are in the resources.",
)
FILES = (
    ("Fractions.pdf", "pdf", "static"),
    ("Plant cells.pptx", "pptx", "dynamic"),
    ("Essay guide.docx", "docx", "static"),
    ("Whale song.mp3", "mp3", None),
    ("Map of Europe.png", "png", None),
    ("Marks.xlsx", "xlsx", None),
)
QUESTIONS = (["A", "B", "C", "D"], ["yes", "no"], ["1", "2", "3"], ["true", "false"])
POLLS = (
    ["more examples", "next topic", "a break"],
    ["👍", "👎"],
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
)


def student_name(rng: random.Random, number: int, first_unusual: int) -> str:
    """Return the name of student ``number``.

    Every fourth student has an unusual name. These names are used in turn, from the index ``first_unusual``
    on.
    """
    if number % 4 == 3:
        return UNUSUAL[(first_unusual + number // 4) % len(UNUSUAL)]
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}"

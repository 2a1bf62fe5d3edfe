"""The names that schools and their programs give to columns, in many languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from classroom_admin.common.text_matching import search_key

NAME, FIRST, LAST, USER_ID, EMAIL, GROUP, IGNORE = (
    "name", "first", "last", "user_id", "email", "group", "ignore",
)  # fmt: skip
ROLES: Final = (NAME, FIRST, LAST, USER_ID, EMAIL, GROUP, IGNORE)
"""What the columns of a class list can contain."""
ACCOUNT_ROLE, ACTIVE = "role", "active"
ACCOUNT_COLUMNS: Final = (NAME, FIRST, LAST, EMAIL, ACCOUNT_ROLE, USER_ID, ACTIVE, IGNORE)
"""What the columns of a file with teachers and administrators can contain."""
NAME_ROLES: Final = frozenset({NAME, FIRST, LAST})

# Each role's words are sorted by certainty. If several columns fit a role, use the most certain column.
_WORDS: Final = {
    NAME: """full name|display name|student name|name and surname|complete name|name|names|student
        |students|pupil|pupils|learner|participant|nombre completo|nombre y apellidos|apellidos y nombre
        |apellido y nombre|apellidos nombre|estudiante|alumno|alumno a|alumna|alumnado|nombre|nombres
        |nom complet|nom et prenom|nom prenom|nom prenoms|prenom et nom|eleve|eleves|nom
        |vollstandiger name|name vorname|nachname vorname|vor und nachname|vorname nachname
        |vorname und nachname|schuler|schulerin|schuler in|schulername|teilnehmer|nome completo
        |nome e cognome|cognome e nome|cognome nome|nominativo|alunno|studente|allievo|nome
        |nome e sobrenome|nome do aluno|aluno|aluna|estudante|last name first name|surname first name
        |surname forename|last first|姓名|学生姓名|學生姓名|全名|名字|学生|學生|氏名|生徒名|生徒氏名
        |児童名|児童氏名|名前|フルネーム|お名前|الاسم الكامل|الاسم الثلاثي|الاسم الرباعي|اسم الطالب
        |اسم الطالبة|اسم التلميذ|الطالب|الاسم|اسم|이름|성명|학생명|фио|фамилия имя|фамилия имя отчество
        |ученик|ονοματεπωνυμο|ad soyad|adi soyadi|imie i nazwisko|nazwisko i imie|שם מלא|ho va ten
        |ho ten""",
    FIRST: """first name|firstname|given name|given names|givenname|forename|forenames|first names|first
        |given|preferred first name|vorname|vornamen|rufname|prenom|prenoms|primer nombre|segundo nombre
        |nombre de pila|nome proprio|primeiro nome|nomes proprios|prenome|名|名字 名|given name 名
        |ファーストネーム|名 漢字|الاسم الأول|الاسم الاول|الاسم الشخصي|이름 名|имя|ονομα|ad|adi|imie
        |jmeno|keresztnev|שם פרטי|ten""",
    LAST: """last name|lastname|surname|surnames|family name|familyname|last names|last|family|sur name
        |nachname|familienname|zuname|nom de famille|nom d usage|nom de naissance|apellidos|apellido
        |primer apellido|segundo apellido|apellido 1|apellido 2|apellido paterno|apellido materno
        |cognome|cognomi|sobrenome|sobrenomes|apelido|apelidos|ultimo nome|姓|姓氏|苗字|名字 姓
        |ラストネーム|姓 漢字|اسم العائلة|العائلة|اللقب|الكنية|الشهرة|الاسم العائلي|اسم الأب|성|фамилия
        |επωνυμο|επιθετο|soyad|soyadi|nazwisko|prijmeni|vezeteknev|שם משפחה|ho""",
    USER_ID: """user id|userid|user uuid|useruuid|cloud user id|sourcedid|sourced id|student id
        |studentid|person id|id number|student number|learner id|id|identifier|uid|user name|username
        |login|login name|sis id|sis user id|sis login id|student no|matriculation number|benutzer id
        |schuler id|schulernummer|kennung|benutzername|anmeldename|matrikelnummer|identifiant|id eleve
        |numero d etudiant|numero etudiant|matricule|ine|nom d utilisateur|id de usuario|usuario
        |id usuario|id de estudiante|id del estudiante|identificador|matricula|numero de control
        |numero de estudiante|nombre de usuario|codigo|codigo de estudiante|id utente|id studente
        |nome utente|matricola|codice|id do usuario|id do aluno|nome de usuario|numero do aluno
        |numero de aluno|用户id|用户编号|学号|學號|学生编号|学籍号|编号|编码|用户名|账号|ユーザーid
        |ユーザid|生徒id|学籍番号|生徒番号|ユーザー名|ログインid|معرف المستخدم|معرف الطالب|رقم الطالب
        |الرقم الجامعي|الرقم الأكاديمي|المعرف|اسم المستخدم|الرقم المدرسي|학번|아이디|логин|идентификатор""",
    EMAIL: """email|e mail|email address|e mail address|mail|mail address|primary email|school email
        |mail adresse|emailadresse|e mail adresse|email adresse|correo|correo electronico
        |direccion de correo|direccion de correo electronico|courriel|adresse e mail|adresse email
        |adresse mail|adresse electronique|mel|posta elettronica|indirizzo email|indirizzo e mail
        |endereco de email|endereco de e mail|correio eletronico|邮箱|电子邮箱|电子邮件|邮件|邮箱地址
        |電子郵件|電郵|メール|メールアドレス|eメール|電子メール|البريد الإلكتروني|البريد الالكتروني
        |البريد|بريد|الإيميل|이메일|전자우편|почта|эл почта|электронная почта|eposta|e posta""",
    GROUP: """group|group name|groups|class|class name|section|section name|homeroom|home room|form
        |tutor group|registration group|reg form|team|course|period|gruppe|gruppenname|klasse|lerngruppe
        |kurs|groupe|classe|division|grupo|clase|curso|seccion|aula|gruppo|sezione|classe e sezione
        |turma|班级|班|行政班|组|小组|组别|分组|班級|組別|クラス|組|学級|班名|グループ|الصف|المجموعة
        |الفصل|الشعبة|القسم|반|학급|класс|группа|ταξη|τμημα|sinif|grupa|klasa|trida|כיתה|lop""",
}
# Only the columns of teachers and administrators have these meanings.
_ACCOUNT_WORDS: Final = {
    NAME: """teacher|teachers|teacher name|staff|staff name|staff member|person|people|employee|lehrer
        |lehrerin|lehrkraft|lehrername|docente|docentes|nombre del docente|profesor|profesora
        |enseignant|professeur|insegnante|professor|教师|教师姓名|老师|教員|المعلم|اسم المعلم|교사|учитель""",
    USER_ID: """cloud user ids|cloud user id|cloud ids|cloud id|user ids|teacher id|teacherid|staff id|staffid
        |employee id|employee number|ids de usuario en la nube|id de usuario en la nube|id de docente
        |lehrer id|云端用户 id|云端用户id|教师编号|工号|معرفات المستخدم السحابية|معرف المعلم""",
    ACCOUNT_ROLE: """role|roles|account role|user role|position|function|rolle|rol|funcion|ruolo|papel|funcao
        |角色|职务|身份|役割|الدور|الأدوار|역할|роль""",
    ACTIVE: """active|is active|enabled|enableduser|account active|account status|status|aktiv|activo|activa
        |activado|estado|actif|attivo|ativo|有效|启用|状态|启用状态|有効|نشط|مفعّل|مفعل|الحالة|활성|активен""",
}
_EITHER: Final = """name|names|nombre|nombres|nom|nome|الاسم|اسم|名字|名前|이름|student name"""
"""The words for a whole name. They mean half a name if another column contains the other half."""
_LAST_FIRST: Final = """last name first name|surname first name|surname forename|last first|nachname vorname
    |name vorname|nom prenom|nom prenoms|nom et prenom|apellidos nombre|apellidos y nombre|apellido y nombre
    |cognome nome|cognome e nome"""
_QUALIFIERS: Final = frozenset(
    {"student", "students", "pupil", "pupils", "learner", "participant", "user", "s", "required", "optional"}
    | {"des", "der", "schulers", "schuler", "schulerin", "del", "la", "el", "alumno", "alumna", "estudiante"}
    | {"de", "l", "d", "les", "eleve", "alunno", "studente", "do", "da", "aluno"}
)
_PREFIXES: Final = ("学生", "學生", "学员", "生徒", "児童", "학생")
_BRACKETED: Final = re.compile(r"\[[^]]*\]|\([^)]*\)|\{[^}]*\}|<[^>]*>")
_BETWEEN_WORDS: Final = re.compile(r"[\W_]+")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def header_key(header: str) -> str:
    """Return the words of a column name without case, accents, punctuation and notes in brackets."""
    text = unicodedata.normalize("NFKC", header)
    text = _BRACKETED.sub(" ", text) if _BRACKETED.sub("", text).strip(" *:") else text
    return _words_in(_CAMEL.sub(" ", text))


def _words_in(text: str) -> str:
    return " ".join(_BETWEEN_WORDS.sub(" ", search_key(text)).split())


def _listed(words: str) -> list[str]:
    return [_words_in(word) for word in words.split("|")]


_KNOWN: Final = {
    word: (role, rank)
    for role, words in reversed(_WORDS.items())
    for rank, word in reversed(list(enumerate(_listed(words))))
}
_KNOWN_OF_ACCOUNTS: Final = {word: found for word, found in _KNOWN.items() if found[0] in ACCOUNT_COLUMNS} | {
    word: (role, rank) for role, words in _ACCOUNT_WORDS.items() for rank, word in enumerate(_listed(words))
}
_MEANS_EITHER: Final = frozenset(_listed(_EITHER))
_WITH_LAST_FIRST: Final = frozenset(_listed(_LAST_FIRST))


def role_of(header: str, roles: Sequence[str] = ROLES) -> tuple[str, int] | None:
    """Return the role of a column name and its rank (0 is most certain), or None if the name is unknown.

    `roles` is what the columns of the file can contain: `ROLES` or `ACCOUNT_COLUMNS`.
    """
    known = _KNOWN_OF_ACCOUNTS if ACCOUNT_ROLE in roles else _KNOWN
    key = header_key(header)
    if found := known.get(key):
        return found
    plain = " ".join(word for word in key.split() if word not in _QUALIFIERS)
    plain = next((plain.removeprefix(each) for each in _PREFIXES if plain.startswith(each)), plain)
    found = known.get(plain)
    return (found[0], found[1] + 1) if found else None


def means_either(header: str) -> bool:
    """Return whether the column name can mean a whole name or only the first or last name."""
    return header_key(header) in _MEANS_EITHER


def says_last_first(header: str) -> bool:
    """Return whether the column name says that the last name comes first."""
    return _words_in(header) in _WITH_LAST_FIRST or header_key(header) in _WITH_LAST_FIRST

"""The encoding of short lists of names, guessed from column names and from the letters that people use."""

from __future__ import annotations

import pytest

from classroom_admin.rooms.class_list_files import encodings
from classroom_admin.rooms.class_list_files.contents import Options, read_contents

FILES = [
    ("gb18030", "姓名,学号,班级\n王小明,1001,7b\n李娜,1002,7b\n"),
    ("gb18030", "王小明\n李娜\n欧阳修\n"),
    ("big5", "姓名,學號\n王小明,1001\n陳怡君,1002\n"),
    ("big5", "王小明\n"),
    ("shift_jis", "氏名,番号\n山田太郎,1\n佐藤花子,2\n"),
    ("shift_jis", "高橋 健太\nさとう\n"),
    ("euc_kr", "이름,번호\n김민수,1\n이영희,2\n"),
    ("cp1252", "Name;Vorname\nMüller;Jörg\nBrandt;Zoë\n"),
    ("cp1252", "Name\nZoë\n"),
    ("cp1252", "Nombre;Apellidos\nBegoña;Muñoz\n"),
    ("cp1252", "name\nO’Brien\n"),
    ("cp1250", "Imię;Nazwisko\nŁukasz;Żółć\nJiří;Dvořák\n"),
    ("cp1251", "Имя;Класс\nМаша Иванова;7б\nПётр Сидоров;7б\n"),
    ("koi8_r", "Имя;Класс\nМаша Иванова;7б\nПётр Сидоров;7б\n"),
    ("cp1253", "Όνομα;Τάξη\nΓιώργος Παπαδόπουλος;7\n"),
    ("cp1254", "Ad;Soyad\nGülşah;Yıldırım\nÇağrı;Öztürk\n"),
    ("cp1255", "שם;כיתה\nדוד כהן;7\n"),
    ("cp1256", "الاسم,الصف\nعلي محمد,7\nفاطمة أحمد,7\n"),
    ("cp1257", "Vārds;Klase\nJānis Bērziņš;7\n"),
    ("mac_roman", "Nom;Prénom\nLefèvre;José\nGarçon;Zoé\n"),
    ("mac_roman", "José;Zoé\n"),
    ("utf-8", "Name\nZoë\n"),
    ("utf-8", "name\nAda\n"),
]


@pytest.mark.parametrize(("encoding", "text"), FILES)
def test_encoding_is_guessed(encoding: str, text: str) -> None:
    content = text.encode(encodings.codec_of(encoding))
    guessed = encodings.guessed(content)
    assert content.decode(encodings.codec_of(guessed)) == text, guessed


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["name,id\nAda,1\n", "姓名,学号\n王小明,1001\n李娜,1002\n"])
def test_utf_16_without_a_mark_is_found(order: str, text: str) -> None:
    content = text.encode(order)
    assert encodings.guessed(content) == "utf-16"
    assert encodings.utf_16_order(content) == order


def test_person_can_choose_another_encoding() -> None:
    content = "name\nбак\n".encode("cp1251")
    assert read_contents(content, Options(encoding="cp1251")).people[0].name == "бак"
    assert read_contents(content, Options(encoding="cp1252")).people[0].name == "áàê"


@pytest.mark.parametrize("encoding", encodings.ENCODINGS)
def test_every_encoding_to_choose_can_be_read(encoding: str) -> None:
    content = "name\nAda\n".encode("utf-16" if encoding == "utf-16" else "ascii")
    assert read_contents(content, Options(encoding=encoding)).people[0].name == "Ada"

"""Read class lists from files: CSV and other text, workbooks, and OneRoster exports. No ORM, no writes.

cells           clean the text of a cell
header_words    which column names mean what, in the languages that schools use
encodings       guess the encoding of a text file
tables          a text file or a workbook as rows with line numbers
workbooks       read XLSX, XLS and ODS in a process with limits (`workbook_process`)
columns         which column holds what
people          rows and columns as people, with warnings, problems and questions
oneroster       the classes of a OneRoster export
contents        all steps together: the bytes of a file as people
"""

"""Read class lists from text files such as CSV, workbooks and OneRoster exports, without the database.

cells           clean the text of a cell
header_words    find out what a column name means, in many languages
encodings       guess the encoding of a text file
tables          turn a text file or a workbook into rows with line numbers
workbooks       read XLSX, XLS and ODS in a process with limits (`workbook_process`)
columns         find out what each column contains
people          turn rows and columns into people, with warnings and problems
oneroster       read the classes of a OneRoster export
contents        run all these steps, from the bytes of a file to people
"""

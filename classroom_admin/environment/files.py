"""Define the environment variables of uploaded files."""

from __future__ import annotations

from typing import Annotated, Literal

from classroom_admin.environment.fields import (
    Folder,
    Lower,
    Scanner,
    Section,
    WebAddress,
    Whole,
    variable,
)


class Files(Section):
    title = "Uploaded files"
    intro = "See [files](files.md)."

    FILES_MAX_MB: Whole = variable("The largest file that people may upload, in megabytes", 200)
    DISK_RESERVE_MB: Whole = variable(
        "How many megabytes of the disk to keep free: with less, uploads and exports stop, and with less "
        "than a quarter of it, polling stops; `0`: no such limit "
        "([running](running.md#when-something-fails))",
        300,
    )
    FILES_KEEP_DAYS: Whole = variable(
        "How many days a shared file is kept after the cloud has deleted its class", 30
    )
    FILES_QUOTA_MB: Whole = variable(
        "How many megabytes of uploaded files the server keeps for each person; `0`: no limit", 5000
    )
    FILES_ALLOW_MACROS: bool = variable(
        "`true`: accept Office files with macros, which can run programs on the computers of students", False
    )
    CLAMD_URL: Scanner = variable(
        "The virus scanner that checks uploads: `tcp://host:3310` or `unix:///run/clamav/clamd.ctl`; empty: "
        "none"
    )
    FILES_WITHOUT_SCAN: bool = variable(
        "`true`: accept uploads while the virus scanner does not answer; otherwise they are refused", False
    )
    FILES_DIR: Folder | None = variable(
        "The folder for uploaded files; several web machines must share it", None, shown="`DATA_DIR/files`"
    )
    FILES_S3_BUCKET: str = variable("The bucket for uploaded files; empty: `FILES_DIR`")
    FILES_S3_ENDPOINT: WebAddress = variable("The address of the S3 service", shown="Amazon's")
    FILES_S3_REGION: str = variable("The region of the bucket", shown="Amazon's")
    FILES_S3_ACCESS_KEY: str = variable("The access key for the bucket", shown="the machine's role")
    FILES_S3_SECRET_KEY: str = variable(
        "The secret key for the bucket", shown="the machine's role", secret="literal"
    )
    FILES_S3_ADDRESSING: Annotated[Literal["auto", "path", "virtual"], Lower] = variable(
        "`path` for servers that expect the bucket's name in the path", "auto"
    )

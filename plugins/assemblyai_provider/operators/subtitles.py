"""The operator that writes subtitles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

from airflow.sdk import BaseOperator

from assemblyai_provider._client.audio_file import open_location
from assemblyai_provider._connection.ranges import Range
from assemblyai_provider.exceptions import ConfigurationError
from assemblyai_provider.hooks import AssemblyAIHook

if TYPE_CHECKING:
    from airflow.sdk import Context

_CHARS = Range(1, 10_000, "characters", whole=True)


class AssemblyAIExportSubtitlesOperator(BaseOperator):
    """Writes a completed transcript as a file of subtitles, SRT or WebVTT.

    An existing file is replaced, so a retry writes the same file again.

    :param transcript_id: the transcript (templated).
    :param path: a local path, whose folders are made, or a URI that Airflow's ObjectStoragePath understands
        (templated). It ends in `.srt` or `.vtt`, which is the format.
    :param chars_per_caption: most characters of a caption; None for AssemblyAI's default.
    :param assemblyai_conn_id: the connection (templated).
    :return: the path.
    """

    template_fields: Sequence[str] = ("transcript_id", "path", "assemblyai_conn_id")
    ui_color = "#d5e8f0"

    def __init__(
        self,
        *,
        transcript_id: str,
        path: str,
        chars_per_caption: int | None = None,
        assemblyai_conn_id: str = AssemblyAIHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.transcript_id = transcript_id
        self.path = path
        chars = _CHARS.read(chars_per_caption, f"task {self.task_id!r}, chars_per_caption")
        self.chars_per_caption = None if chars is None else int(chars)
        self.assemblyai_conn_id = assemblyai_conn_id

    @cached_property
    def hook(self) -> AssemblyAIHook:
        """The hook of the connection."""
        return AssemblyAIHook(self.assemblyai_conn_id)

    def execute(self, context: Context) -> str:
        text = self.hook.get_subtitles(
            self.transcript_id, self._format(), chars_per_caption=self.chars_per_caption
        )
        target = open_location(self.path)
        if not hasattr(target, "fs"):
            target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            file.write(text.encode())
        return self.path

    def _format(self) -> Literal["srt", "vtt"]:
        ending = self.path.rpartition(".")[2].lower()
        if ending not in ("srt", "vtt"):
            raise ConfigurationError(f"task {self.task_id!r}, path: does not end in .srt or .vtt. Rename it.")
        return cast("Literal['srt', 'vtt']", ending)

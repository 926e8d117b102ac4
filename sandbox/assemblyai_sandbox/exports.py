"""A completed transcript as sentences, paragraphs and subtitles, and a search for its words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from assemblyai_sandbox.records import Record
from assemblyai_sandbox.results import confidence, labelled
from assemblyai_sandbox.understanding.redaction import redacted

PARAGRAPH_SENTENCES = 5
_NAMES = ("text", "start", "end", "confidence", "words", "speaker", "channel")


def sentences(record: Record, transcript: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The answer of ``/sentences``. A deleted transcript has no sentences."""
    if transcript["words"] is None or record.outcome is None:
        return []
    labelled_sentences = [
        dict(redacted(sentence, record.request))
        for sentence in labelled(record.outcome.sentences or (), record.request)
    ]
    multichannel = bool(record.request.get("multichannel"))
    for sentence in labelled_sentences:
        sentence["start"] = sentence.get("start") or 0
        sentence["confidence"] = confidence(sentence["words"])
    names = _NAMES if multichannel else _NAMES[:-1]
    return [{name: sentence[name] for name in names} for sentence in labelled_sentences]


def paragraphs(record: Record, transcript: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The answer of ``/paragraphs``: up to five sentences of one speaker each."""
    groups: list[list[dict[str, Any]]] = []
    for sentence in sentences(record, transcript):
        last = groups[-1] if groups else []
        if last and len(last) < PARAGRAPH_SENTENCES and last[-1]["speaker"] == sentence["speaker"]:
            last.append(sentence)
        else:
            groups.append([sentence])
    return [_paragraph(group) for group in groups]


def _paragraph(group: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    words = [word for sentence in group for word in sentence["words"]]
    return {
        "text": " ".join(sentence["text"] for sentence in group),
        "start": group[0]["start"],
        "end": group[-1]["end"],
        "confidence": confidence(words),
        "words": words,
    }


def subtitles(transcript: Mapping[str, Any], kind: str, width: int) -> str:
    """SRT or WebVTT with captions of at most ``width`` characters (a longer word has its own)."""
    captions: list[list[Mapping[str, Any]]] = []
    for word in transcript["words"] or ():
        line = captions[-1] if captions else []
        if line and len(" ".join(w["text"] for w in line)) + 1 + len(word["text"]) <= width:
            line.append(word)
        else:
            captions.append([word])
    blocks = []
    for number, caption in enumerate(captions, start=1):
        span = f"{_moment(caption[0]['start'], kind)} --> {_moment(caption[-1]['end'], kind)}"
        text = " ".join(word["text"] for word in caption)
        blocks.append(f"{number}\n{span}\n{text}\n" if kind == "srt" else f"{span}\n{text}\n")
    return "\n".join(blocks) if kind == "srt" else "WEBVTT\n\n" + "\n".join(blocks)


def _moment(ms: int, kind: str) -> str:
    seconds, rest = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if kind == "srt":
        return f"{hours:02}:{minutes:02}:{seconds:02},{rest:03}"
    return f"{hours * 60 + minutes:02}:{seconds:02}.{rest:03}"


def word_search(transcript: Mapping[str, Any], phrases: Sequence[str]) -> list[dict[str, Any]]:
    """Where each word or phrase occurs, without regard to punctuation and case."""
    words = transcript["words"] or []
    spoken = [_bare(word["text"]) for word in words]
    return [_match(phrase, spoken, words) for phrase in phrases]


def _match(phrase: str, spoken: Sequence[str], words: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    wanted = [_bare(part) for part in phrase.split()]
    starts = [
        at for at in range(len(spoken) - len(wanted) + 1) if list(spoken[at : at + len(wanted)]) == wanted
    ]
    stamps = [[words[at]["start"], words[at + len(wanted) - 1]["end"]] for at in starts]
    return {"text": phrase, "count": len(starts), "timestamps": stamps, "indexes": starts}


def _bare(text: str) -> str:
    return re.sub(r"[^\w']", "", text).lower()

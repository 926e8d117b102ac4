"""AssemblyAI's answers for calls of one hour, as bytes."""

from __future__ import annotations

import json
import random
from typing import Any

SENTENCES = 700
_SPOKEN = """
I have been waiting for the parcel since Monday and nobody could tell me where it is so please look
into that again because really it was promised to arrive on Friday at the latest thank you
"""
_WORDS = tuple(_SPOKEN.split())


def hour_answer(seed: int) -> bytes:
    """A completed transcript of 700 sentences by two speakers: some 9,000 words, each listed twice."""
    rng = random.Random(seed)
    sentences, utterances = [], []
    for number in range(SENTENCES):
        speaker = "AB"[number % 2]
        words = _words(rng, number * 5142, speaker)
        text = " ".join(word["text"] for word in words).capitalize() + "."
        span = {"text": text, "start": words[0]["start"], "end": words[-1]["end"]}
        sentiment = rng.choice(("POSITIVE", "NEUTRAL", "NEUTRAL", "NEGATIVE"))
        sentences.append({**span, "sentiment": sentiment, "confidence": rng.random(), "speaker": speaker})
        utterances.append({**span, "confidence": rng.random(), "speaker": speaker, "words": words})
    answer = {
        "id": f"{seed:08d}-2f0a-4c6e-9d0b-8d0a61a1c061",
        "status": "completed",
        "audio_url": "https://cdn.assemblyai.com/upload/5d1f9d6e-61a1-4c6e-8a5e-1c0616161616",
        "audio_duration": 3600,
        "language_code": "en_us",
        "speech_models": ["assemblyai-stt-3-7", "universal-2"],
        "speech_model_used": "assemblyai-stt-3-7",
        "speaker_labels": True,
        "sentiment_analysis": True,
        "text": " ".join(sentence["text"] for sentence in sentences),
        "words": [word for utterance in utterances for word in utterance["words"]],
        "utterances": utterances,
        "sentiment_analysis_results": sentences,
        "confidence": 0.95,
        "error": None,
    }
    return json.dumps(answer).encode()


def _words(rng: random.Random, start_ms: int, speaker: str) -> list[dict[str, Any]]:
    return [
        {
            "text": rng.choice(_WORDS),
            "start": start_ms + 350 * place,
            "end": start_ms + 350 * place + rng.randrange(80, 340),
            "confidence": round(rng.random(), 7),
            "speaker": speaker,
        }
        for place in range(rng.randrange(11, 15))
    ]

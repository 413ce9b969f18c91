"""Sentences as sound, by espeak-ng: for browsers without a voice of their own. Only texts composed here come this way."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus

from fastapi import HTTPException

from twin.errors import NotFound

__all__ = ["wav"]

VOICES = {"zh": "cmn", "en": "en"}
WORDS_A_MINUTE = 150  # slower than the usual 175
LONGEST = 2_000  # letters, some two minutes
PATIENCE_S = 5
WAIT_S = 1  # for one's turn
KEPT = 8  # texts; a minute of speech is some 2.6 MB
ONE_AT_A_TIME = threading.Lock()


def wav(sentences: Sequence[str], language: str) -> bytes:
    """Speak sentences, and give them as WAV. Raises NotFound where espeak-ng is not installed, or says nothing, HTTPException where many ask."""
    return _spoken("\n".join(sentences)[:LONGEST], VOICES[language])


@lru_cache(maxsize=KEPT)
def _spoken(text: str, voice: str) -> bytes:
    program = shutil.which("espeak-ng")
    if program is None:
        raise NotFound("nothing is read aloud here: espeak-ng is not installed")
    argv = [program, "-v", voice, "-s", str(WORDS_A_MINUTE), "--stdin", "--stdout"]
    # whoever asks holds a connection meanwhile: many who ask must not leave the others without
    if not ONE_AT_A_TIME.acquire(timeout=WAIT_S):
        raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, "too many ask at once; try again in a moment")
    try:
        done = subprocess.run(argv, input=text.encode(), capture_output=True, timeout=PATIENCE_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise NotFound("nothing is read aloud here: espeak-ng failed") from error
    finally:
        ONE_AT_A_TIME.release()
    if done.returncode or not done.stdout.startswith(b"RIFF"):
        raise NotFound("nothing is read aloud here: espeak-ng failed")
    return done.stdout

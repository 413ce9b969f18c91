"""Sentences as sound, by espeak-ng: for browsers without a voice of their own. Only texts composed here come this way."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Sequence
from functools import lru_cache

from twin.errors import NotFound

__all__ = ["wav"]

VOICES = {"zh": "cmn", "en": "en"}
WORDS_A_MINUTE = 150  # slower than the usual 175
LONGEST = 2_000  # letters, some two minutes
PATIENCE_S = 20
KEPT = 8  # texts; a minute of speech is some 2.6 MB
ONE_AT_A_TIME = threading.Lock()


def wav(sentences: Sequence[str], language: str) -> bytes:
    """Speak sentences, and give them as WAV. Raises NotFound where espeak-ng is not installed, or says nothing."""
    return _spoken("\n".join(sentences)[:LONGEST], VOICES[language])


@lru_cache(maxsize=KEPT)
def _spoken(text: str, voice: str) -> bytes:
    program = shutil.which("espeak-ng")
    if program is None:
        raise NotFound("nothing is read aloud here: espeak-ng is not installed")
    argv = [program, "-v", voice, "-s", str(WORDS_A_MINUTE), "--stdin", "--stdout"]
    with ONE_AT_A_TIME:
        done = subprocess.run(argv, input=text.encode(), capture_output=True, timeout=PATIENCE_S, check=False)
    if done.returncode or not done.stdout.startswith(b"RIFF"):
        raise NotFound("nothing is read aloud here: espeak-ng failed")
    return done.stdout

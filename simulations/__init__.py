"""Questions put to the twin: arrays in, arrays out; no SQL, no HTTP."""

// Keys of requests; crypto.randomUUID is not there without TLS, as on a telephone in the local network.

/** A key of our own: the same request sent twice is done once. */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

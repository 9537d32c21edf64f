// A token of its own for each act, by which the server knows what it has.

// crypto.randomUUID exists on secure origins only; a server on the local network is none.
export const token = () => crypto.randomUUID?.() ?? randomToken();
const randomToken = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) =>
    b.toString(16).padStart(2, "0"),
  ).join("");

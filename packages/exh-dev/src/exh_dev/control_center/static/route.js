// Where the page is: `#/view/more?name=value`. Whatever is shown can be found again by its address.

/** The route of an address's hash: the view's name, the path after it, and the query. */
export function parse(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/").map(decoded);
  return { name, path: rest.filter(Boolean), query: new URLSearchParams(query) };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The hash of a view: `at("documents", "pulse", { status: "new" })`. */
export function at(...parts) {
  const last = parts.at(-1);
  const query = typeof last === "object" ? new URLSearchParams(Object.entries(parts.pop()).filter(([, value]) => value)) : null;
  const path = `#/${parts.map((each) => encodeURIComponent(each)).join("/")}`;
  return query?.size ? `${path}?${query}` : path;
}

export const go = (hash) => (location.hash = hash);

/** Change the query of the address, in place of what is there: going back leads to the view before. */
export function setQuery(changes) {
  const [path, query = ""] = location.hash.split("?");
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === "" || value === null || value === undefined) next.delete(name);
    else next.set(name, value);
  }
  history.replaceState(history.state, "", next.size ? `${path}?${next}` : path);
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

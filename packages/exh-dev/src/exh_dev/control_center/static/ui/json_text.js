// JSON while it is being typed: its tokens, where it stops being JSON, and what may come at a place.

const TOKEN = /("(?:[^"\\\n]|\\.)*"?)(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g;

/** Pieces of a text as `[kind, text]`; the kind is `name`, `string`, `word`, or null. */
export function pieces(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > end) found.push([null, text.slice(end, match.index)]);
    found.push([match[2] ? "name" : match[1] ? "string" : "word", match[1] ?? match[0]]);
    if (match[2]) found.push([null, match[2]]);
    end = match.index + match[0].length;
  }
  found.push([null, text.slice(end)]);
  return found;
}

/** Read a text as JSON: `{ value }`, or `{ message, line }` where it is none; lines are counted from 1. */
export function read(text) {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const place = /position (\d+)/.exec(error.message) ?? null;
    const position = place ? Number(place[1]) : text.length;
    const line = text.slice(0, position).split("\n").length;
    const message = text.trim() ? error.message.replace(/ in JSON at position.*$/s, "").replace(/^JSON\.parse: /, "") : "JSON is expected, such as {}";
    return { message, line };
  }
}

/**
 * Where a position is in JSON that is being typed: the path of names to the object around it, and the beginning of the
 * name that is typed there. Null where no name is expected.
 */
export function nameAt(text, position) {
  const path = [];
  const stack = [];
  let name = null;
  let expectsName = false;
  for (let index = 0; index < position; index += 1) {
    const letter = text[index];
    if (letter === '"') {
      let end = index + 1;
      while (end < text.length && text[end] !== '"' && text[end] !== "\n") end += text[end] === "\\" ? 2 : 1;
      if (end >= position) return expectsName ? { path: [...path], typed: text.slice(index + 1, position), from: index, to: text[end] === '"' ? end + 1 : end } : null;
      if (expectsName) name = text.slice(index + 1, end);
      expectsName = false;
      index = end;
    } else if (letter === "{" || letter === "[") {
      stack.push(letter);
      path.push(stack.length > 1 ? (name ?? "") : "");
      name = null;
      expectsName = letter === "{";
    } else if (letter === "}" || letter === "]") {
      stack.pop();
      path.pop();
      expectsName = false;
    } else if (letter === ",") {
      name = null;
      expectsName = stack.at(-1) === "{";
    } else if (letter === ":") expectsName = false;
  }
  return expectsName && /[\s{,]$/.test(text.slice(0, position)) ? { path: [...path], typed: "", from: position, to: position } : null;
}

/** The members that a JSON Schema names at a path, which begins with an empty name for the whole. */
export function membersAt(schema, path) {
  let at = schema;
  for (const name of path.slice(1)) at = at?.properties?.[name] ?? at?.items ?? null;
  if (at?.type === "array") at = at.items;
  return Object.entries(at?.properties ?? {}).map(([name, each]) => ({ name, about: each.description ?? each.type ?? "" }));
}

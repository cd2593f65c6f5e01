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
    // Browsers differ in whether they say where, and some repeat the whole text.
    const line = text.slice(0, endOfJson(text)).split("\n").length;
    const message = error.message.replace(/^JSON\.parse: /, "").replace(/,? (?:in JSON )?at (?:position|line) [^]*$/, "").replace(/, "[^]*is not valid JSON$/, "").replace(/, \.\.\.[^]*is not valid JSON$/, "");
    return { message: text.trim() ? message : "JSON is expected, such as {}", line };
  }
}

const PIECE = /\s*(?:("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)\b)|([{}[\],:]))/y;
const OPENED_BY = { "}": "{", "]": "[" };

/** Where a text stops being JSON. */
function endOfJson(text) {
  const stack = [];
  let expects = "value"; // value, name (each also "after comma"), colon, end (of a member or an item)
  let at = 0;
  for (;;) {
    PIECE.lastIndex = at;
    const match = PIECE.exec(text);
    if (!match) return at + /^\s*/.exec(text.slice(at))[0].length;
    const [, string, word, mark] = match;
    const start = PIECE.lastIndex - (string ?? word ?? mark).length;
    const top = stack.at(-1);
    if (expects === "colon") {
      if (mark !== ":") return start;
      expects = "value of a member";
    } else if (mark === "}" || mark === "]") {
      if (top !== OPENED_BY[mark] || /after comma|of a member/.test(expects)) return start;
      stack.pop();
      expects = "end";
    } else if (expects === "end") {
      if (mark !== "," || !stack.length) return start;
      expects = top === "{" ? "name after comma" : "value after comma";
    } else if (expects.startsWith("name")) {
      if (!string) return start;
      expects = "colon";
    } else if (mark === "{" || mark === "[") {
      stack.push(mark);
      expects = mark === "{" ? "name" : "value";
    } else if (mark) return start;
    else expects = "end";
    at = PIECE.lastIndex;
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

// What the SDK's declarations (.d.ts) promise: its methods, and the type that each one answers.
//
// The TypeScript compiler reads them. A call of each method, compiled beside them, gives the type of its answer with
// the defaults of its type parameters filled in, as a caller who names none gets it.

import { join } from "node:path";
import { require } from "./installed.mjs";

const ts = require("typescript");

/**
 * Read the declarations of the SDK that is installed in `folder`: the names of all methods and, for each kind of client,
 * the type of the answer of each one.
 */
export function published(folder) {
  const clients = ["OAuth1Client", "OAuth2Client"];
  const declared = clients.map((name) => `export declare const ${name}_: ${name};\n`).join("");
  const imports = clients.map((name) => `import { ${name} } from "@extrahorizon/javascript-sdk";\n`).join("");
  const first = compile(folder, imports + declared);
  const methods = clients.flatMap((of) =>
    [...walk(first.checker, first.exported(`${of}_`))].map(([path, parameters]) => ({ of, path, parameters })),
  );
  const calls = methods.map(({ of, path, parameters }, number) => {
    const given = Array.from({ length: parameters }, () => "null as any").join(", ");
    return `export const call${number} = ${of}_.${path}(${given});\n`;
  });
  const second = compile(folder, imports + declared + calls.join(""));
  const answers = Object.fromEntries(clients.map((name) => [name, new Map()]));
  for (const [number, { of, path }] of methods.entries()) answers[of].set(path, second.exported(`call${number}`));
  return { names: [...new Set(methods.map(({ path }) => path))].sort(), checker: second.checker, answers };
}

/** Each method under a client or a part of one: its dotted name and how many parameters it has. */
function* walk(checker, type, path = "") {
  for (const property of type.getProperties()) {
    const name = path ? `${path}.${property.name}` : property.name;
    const member = checker.getTypeOfSymbol(property);
    const [signature] = member.getCallSignatures();
    if (signature) {
      yield [name, signature.parameters.length];
    } else {
      yield* walk(checker, member, name);
    }
  }
}

function compile(folder, text) {
  const file = join(folder, "calls.ts");
  const options = {
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    noEmit: true,
    skipLibCheck: true,
    strict: true,
    target: ts.ScriptTarget.ES2022,
    types: ["node"],
  };
  const host = ts.createCompilerHost(options);
  const onDisk = { exists: host.fileExists, source: host.getSourceFile };
  host.getCurrentDirectory = () => folder;
  host.fileExists = (name) => name === file || onDisk.exists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, options.target) : onDisk.source(name, ...rest);
  const program = ts.createProgram([file], options, host);
  const source = program.getSourceFile(file);
  const wrong = program.getSemanticDiagnostics(source);
  if (wrong.length > 0) {
    throw new Error(ts.flattenDiagnosticMessageText(wrong[0].messageText, "\n"));
  }
  const checker = program.getTypeChecker();
  const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(source));
  return {
    checker,
    exported: (name) => checker.getTypeOfSymbol(symbols.find((symbol) => symbol.name === name)),
  };
}

/** What an answer is, behind a promise or an iterator: `{ kind: "value" | "iterator", type }`. */
export function promised(checker, type) {
  const name = type.getSymbol()?.name;
  if (name === "Promise") return { kind: "value", type: checker.getTypeArguments(type)[0] };
  if (name === "AsyncGenerator") return { kind: "iterator", type: checker.getTypeArguments(type)[0] };
  return { kind: "value", type };
}

const OF_OBJECTS = ts.TypeFlags.Object | ts.TypeFlags.Intersection | ts.TypeFlags.Any | ts.TypeFlags.Unknown;

/** Where a value is not of this type: a list of "path: what was expected, what is there". */
export function mismatches(checker, value, type, path = "") {
  const has = (flags) => (type.flags & flags) !== 0;
  const wrong = (found = kindOf(value)) => [`${path || "answer"}: ${checker.typeToString(type)} expected, ${found} found`];
  if (has(ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return [];
  if (type.isUnion()) {
    const isObject = value !== null && typeof value === "object";
    const possible = type.types.filter((each) => !isObject || (each.flags & OF_OBJECTS) !== 0);
    const tried = possible.map((each) => mismatches(checker, value, each, path));
    if (tried.length === 0) return wrong();
    const best = tried.reduce((a, b) => (b.length < a.length ? b : a));
    return best.length === 0 || isObject ? best : wrong();
  }
  if (has(ts.TypeFlags.Undefined | ts.TypeFlags.Void)) return value === undefined ? [] : wrong();
  if (has(ts.TypeFlags.Null)) return value === null ? [] : wrong();
  if (type.isLiteral()) return value === type.value ? [] : wrong(JSON.stringify(value));
  if (has(ts.TypeFlags.BooleanLiteral)) return String(value) === checker.typeToString(type) ? [] : wrong();
  if (has(ts.TypeFlags.String)) return typeof value === "string" ? [] : wrong();
  if (has(ts.TypeFlags.Number)) return typeof value === "number" ? [] : wrong();
  if (has(ts.TypeFlags.Boolean)) return typeof value === "boolean" ? [] : wrong();
  if (has(ts.TypeFlags.Never)) return wrong();
  if (has(OF_OBJECTS)) return ofObject(checker, value, type, path, wrong);
  throw new Error(`${path}: a type that is not judged here: ${checker.typeToString(type)}`);
}

function ofObject(checker, value, type, path, wrong) {
  const name = type.getSymbol()?.name;
  if (name === "Date") return value instanceof Date && !Number.isNaN(value.getTime()) ? [] : wrong();
  if (name === "Buffer") return Buffer.isBuffer(value) ? [] : wrong();
  if (type.getCallSignatures().length + type.getConstructSignatures().length > 0) return typeof value === "function" ? [] : wrong();
  if (value === null || typeof value !== "object" || value instanceof Date) return wrong();
  if (checker.isArrayType(type)) {
    if (!Array.isArray(value)) return wrong();
    const [item] = checker.getTypeArguments(type);
    return value.flatMap((each, number) => mismatches(checker, each, item, `${path}[${number}]`));
  }
  if (checker.isTupleType(type)) {
    const items = checker.getTypeArguments(type);
    if (!Array.isArray(value) || value.length !== items.length) return wrong(`${value.length} items`);
    return items.flatMap((item, number) => mismatches(checker, value[number], item, `${path}[${number}]`));
  }
  if (Array.isArray(value)) return wrong();
  const below = (member) => (path ? `${path}.${member}` : member);
  const found = [];
  const declared = new Set();
  for (const property of type.getProperties()) {
    declared.add(property.name);
    const expected = checker.getTypeOfSymbol(property);
    const optional = (property.flags & ts.SymbolFlags.Optional) !== 0;
    if (!(property.name in value) && !optional) {
      found.push(`${below(property.name)}: ${checker.typeToString(expected)} expected, missing`);
    } else if (value[property.name] !== undefined || !optional) {
      found.push(...mismatches(checker, value[property.name], expected, below(property.name)));
    }
  }
  const others = type.getStringIndexType();
  if (others) {
    for (const [member, each] of Object.entries(value)) {
      if (!declared.has(member)) found.push(...mismatches(checker, each, others, below(member)));
    }
  }
  return found;
}

function kindOf(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? value.constructor?.name ?? "object" : typeof value;
}

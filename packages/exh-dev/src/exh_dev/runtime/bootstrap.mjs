// The runtime client of Node.js functions: it takes events from the Lambda Runtime API and calls the handler.
//
// What a function can notice of it is what it would notice of AWS's own client for its runtime
// (https://github.com/aws/aws-lambda-nodejs-runtime-interface-client): how a handler is found, what it is called with,
// how the console writes, what becomes of errors. Since nodejs24.x there are no callbacks any more. Handlers that
// stream their response are left out: Extra Horizon does not take a stream.
import { closeSync, existsSync, readFileSync, writeSync } from "node:fs";
import { Agent, request } from "node:http";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { format, types } from "node:util";

const ENV = process.env;
const RUNTIME = "/2018-06-01/runtime";
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const METHODS = { ...Object.fromEntries(LEVELS.map((level) => [level.toLowerCase(), level])), log: "INFO" };
const [, VERSION = "0"] = /nodejs(\d+)/.exec(ENV.AWS_EXECUTION_ENV) ?? [];
const HAS_CALLBACKS = Number(VERSION) < 24;
const IS_JSON = ENV.AWS_LAMBDA_LOG_FORMAT === "JSON";

// Text first: a pipe that does not block would lose what a process writes just before it ends.
for (const stream of [process.stdout, process.stderr]) stream._handle?.setBlocking?.(true);

let requestId;
let onEmptyLoop = () => {};
let report = (error) => post("/init/error", described(error));

// ---- the log

/** The members of an error that JSON.stringify leaves out, and those that somebody gave it. */
function withMembers(error, stack) {
  const { name, message, code } = error;
  const lines = typeof error.stack === "string" ? error.stack.split("\n") : [];
  if (stack === "stack") return { errorType: name, errorMessage: message, code, ...error, stack: lines };
  return { errorType: error.constructor?.name ?? "UnknownError", errorMessage: message, stackTrace: lines, ...error };
}

function asJson(level, values) {
  const entry = { timestamp: new Date().toISOString(), level, requestId };
  const replaced = (_, value) => (value instanceof Error ? withMembers(value, "stackTrace") : value);
  if (values.length === 1) {
    try {
      return JSON.stringify({ ...entry, message: values[0] }, replaced);
    } catch {
      return JSON.stringify({ ...entry, message: format(values[0]) }); // it refers to itself
    }
  }
  const error = values.find((value) => value instanceof Error);
  const { errorType, errorMessage, stackTrace } = error ? withMembers(error, "stackTrace") : {};
  return JSON.stringify({ ...entry, message: format(...values), errorType, errorMessage, stackTrace });
}

const asText = (level, values) => `${new Date().toISOString()}\t${requestId}\t${level}\t${format(...values)}`;

function patchConsole() {
  const least = Math.max(LEVELS.indexOf(ENV.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()), 0);
  for (const [method, level] of Object.entries(METHODS)) {
    console[method] = LEVELS.indexOf(level) < least ? () => {} : (...values) => {
      const line = IS_JSON ? asJson(level, values) : asText(level, values);
      // One record is one line; who reads it makes newlines of the carriage returns.
      process.stdout.write(`${line.replaceAll("\n", "\r")}\n`);
    };
  }
}

/** A value as text. Whatever is thrown gets here: symbols, and objects whose toString throws. */
function textOf(value) {
  try {
    return String(value);
  } catch {
    return "A value that cannot be written as text";
  }
}

function logError(what, thrown) {
  try {
    const error = thrown instanceof Error ? thrown : new Error(textOf(thrown));
    if (IS_JSON) return console.error(error);
    const members = (_, value) => (value instanceof Error ? withMembers(value, "stack") : value);
    return console.error(what, `\t${JSON.stringify(error, members)}`);
  } catch {
    // It refers to itself, or fights back: a proxy with traps, a getter or a toJSON that throws.
    return console.error(what, `\t${JSON.stringify(described(thrown))}`);
  }
}

// ---- the Runtime API

const agent = new Agent({ keepAlive: true });

/** Send a request; the promise is kept when the whole answer is there. */
function call(method, path, body) {
  const [host, port] = ENV.AWS_LAMBDA_RUNTIME_API.split(":");
  const about = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body ?? "") };
  const headers = body === undefined ? {} : about;
  return new Promise((kept, broken) => {
    const sent = request({ host, port, method, path: RUNTIME + path, headers, agent }, (answer) => {
      const pieces = [];
      answer.on("data", (piece) => pieces.push(piece)).on("error", broken);
      answer.on("end", () => kept({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(pieces) }));
    });
    sent.on("error", broken).end(body);
  });
}

const post = (path, value) => call("POST", path, JSON.stringify(value));

function described(error) {
  try {
    const texts = [error?.name, error?.message, error?.stack];
    if (types.isNativeError(error) || texts.every((text) => text && typeof text === "string")) {
      if (texts.some((text) => text !== undefined && typeof text !== "string")) throw new TypeError("not a text");
      const [errorType, errorMessage, stack] = texts;
      return { errorType, errorMessage, trace: stack.split("\n") };
    }
    return { errorType: typeof error, errorMessage: `${error.toString()}`, trace: [] };
  } catch {
    return { errorType: "handled", errorMessage: "The error has a name, message or stack that cannot be read" };
  }
}

/** An error of the runtime's own, perhaps because of another one. */
function failure(kind, message, cause) {
  const error = Object.assign(new Error(message), { name: `Runtime.${kind}` });
  error.stack = `${error.name}: ${message}`;
  try {
    error.stack = cause?.stack ?? error.stack;
  } catch {} // a getter that throws
  return error;
}

// ---- the handler

const require = createRequire(import.meta.url);
const imported = (file) => import(pathToFileURL(file).href);

/** Whether `.js` in a folder is an ES module: what the nearest package.json says. */
function isOfModules(folder, root) {
  if (basename(folder) === "node_modules") return false;
  const file = join(folder, "package.json");
  if (existsSync(file)) {
    let isModule;
    try {
      isModule = JSON.parse(readFileSync(file, "utf8"))?.type === "module";
    } catch {
      return false; // loading tells better what is wrong with the file
    }
    if (isModule && !`${folder}/`.startsWith(`${root}/`)) {
      throw new Error(`${file} says "type": "module" of the function too, and is not deployed with it: ` +
        `put a package.json into ${root}`);
    }
    return isModule;
  }
  return dirname(folder) === folder ? false : isOfModules(dirname(folder), root);
}

function moduleOf(root, folder, name) {
  const path = resolve(root, folder, name);
  if (existsSync(path)) return require(path);
  if (existsSync(`${path}.js`)) return (isOfModules(dirname(path), root) ? imported : require)(`${path}.js`);
  if (existsSync(`${path}.mjs`)) return imported(`${path}.mjs`);
  if (existsSync(`${path}.cjs`)) return require(`${path}.cjs`);
  return require(require.resolve(name, { paths: [root, folder] }));
}

/** Load the handler `src/index.inner.handler`: the export `inner.handler` of `src/index`, with any extension. */
async function load(root, handler) {
  const file = basename(handler);
  const dot = file.indexOf(".");
  if (dot < 0) throw failure("MalformedHandlerName", "Bad handler");
  if (handler.includes("..")) throw failure("MalformedHandlerName", `'${handler}' has '..' in it`);
  let found;
  try {
    found = await moduleOf(root, handler.slice(0, -file.length), file.slice(0, dot));
  } catch (error) {
    if (error instanceof SyntaxError) throw failure("UserCodeSyntaxError", String(error), error);
    if (error?.code === "MODULE_NOT_FOUND") throw failure("ImportModuleError", String(error), error);
    throw error;
  }
  for (const name of file.slice(dot + 1).split(".")) found = found?.[name];
  if (!found) throw failure("HandlerNotFound", `${handler} is undefined or not exported`);
  if (typeof found !== "function") throw failure("HandlerNotFound", `${handler} is not a function`);
  if (!HAS_CALLBACKS && found.length > 2) {
    throw failure("CallbackHandlerDeprecated", `${handler} takes a callback, which is over since Node.js 24: make it an ` +
      "async function of event and context, which returns its result");
  }
  return found;
}

/** What the handler makes of an event: a promise of its result, which is broken by whatever the handler throws. */
function outcome(handler, event, about) {
  if (!HAS_CALLBACKS) return (async () => handler(event, about))();
  return new Promise((kept, broken) => {
    let isCalled = false;
    const done = (error, result) => (error === undefined || error === null ? kept(result) : broken(error));
    const callback = (error, result) => {
      if (isCalled) return;
      isCalled = true;
      const isError = error !== undefined && error !== null;
      if (isError || !context.callbackWaitsForEmptyEventLoop) done(error, result);
      else onEmptyLoop = () => kept(result);
    };
    const context = {
      ...about,
      callbackWaitsForEmptyEventLoop: true,
      done,
      succeed: (result) => done(null, result),
      fail: (error) => done(error ?? "handled"),
    };
    // A handler that is not async and never calls back has returned nothing; an async one can only be stuck.
    if (handler.constructor?.name !== "AsyncFunction") onEmptyLoop = () => kept(null);
    const returned = handler(event, context, callback);
    if (typeof returned?.then === "function") returned.then(context.succeed, context.fail);
  });
}

function serialised(result) {
  try {
    return JSON.stringify(result) ?? "null";
  } catch {
    const error = new Error("Unable to stringify response body");
    throw HAS_CALLBACKS ? error : Object.assign(error, { name: "Runtime.JSONStringifyError" });
  }
}

/** What the handler gets as its context. */
function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    functionName: ENV.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: ENV.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: ENV.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: ENV.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: ENV.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

/** Set once an error that nobody handled is reported: the process ends with it, and no outcome may overtake it. */
let isEnding = false;
const NEVER = new Promise(() => {});

/** Handle one event, from asking for it until its outcome has been taken. */
async function handleNext(handler) {
  const { headers, body } = await call("GET", "/invocation/next");
  const id = headers["lambda-runtime-aws-request-id"];
  requestId = id;
  ENV._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
  report = (error) => post(`/invocation/${id}/error`, described(error));
  const stuck = new Promise((_, broken) => {
    const why = "Nothing is left to wait for, and a promise of the handler was never settled";
    onEmptyLoop = () => broken(failure("NodeJsExit", why));
  });
  let result;
  try {
    const made = outcome(handler, JSON.parse(body), contextOf(headers));
    result = serialised(await Promise.race([stuck, made]));
    if (isEnding) await NEVER;
  } catch (error) {
    if (isEnding) await NEVER;
    logError("Invoke Error", error);
    await report(error);
    return;
  } finally {
    onEmptyLoop = () => {};
  }
  const { status } = await call("POST", `/invocation/${id}/response`, result);
  if (status !== 202) process.exit(1); // it is too large, which the Runtime API tells
}

async function end(what, error, status) {
  isEnding = true;
  logError(what, error);
  await report(error).catch(() => {}); // nobody is there any more
  process.exit(status);
}

patchConsole();
process.on("beforeExit", () => onEmptyLoop());
process.on("uncaughtException", (error) => end("Uncaught Exception", error, 129));
process.on("unhandledRejection", (reason) => {
  const error = failure("UnhandledPromiseRejection", textOf(reason), reason);
  end("Unhandled Promise Rejection", Object.assign(error, { reason }), 128);
});

/** Tell whoever has started this when the function's own module begins to be loaded. */
function tellImport() {
  const pipe = Number(process.argv.pop());
  try {
    writeSync(pipe, String(process.hrtime.bigint()));
    closeSync(pipe);
  } catch {} // nobody wants to know
}

let handler;
tellImport();
try {
  handler = await load(ENV.LAMBDA_TASK_ROOT, ENV._HANDLER);
} catch (error) {
  await end("Uncaught Exception", error, 129);
}
for (;;) {
  await handleNext(handler).catch(() => process.exit(1)); // the Runtime API is gone
}

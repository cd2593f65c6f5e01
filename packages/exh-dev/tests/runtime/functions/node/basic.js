// Functions that return, and functions that do not, as CommonJS.
const { readdirSync } = require("node:fs");

class OrderRefusedError extends Error {
  constructor(message) {
    super(message);
    this.name = "OrderRefusedError";
  }
}

exports.echo = async (event) => event;
exports.processId = async () => process.pid;
exports.inner = { most: { echo: async (event) => event } };
exports.notAFunction = "text";

exports.wholeContext = async (event, context) => ({
  ...context,
  remaining: context.getRemainingTimeInMillis(),
  traceId: process.env._X_AMZN_TRACE_ID,
});

exports.environment = async () => ({
  variables: process.env,
  homeFiles: readdirSync(process.env.HOME),
  workingDirectory: process.cwd(),
  offset: new Date().getTimezoneOffset(),
});

exports.refuse = async (event) => {
  throw new OrderRefusedError(event);
};
exports.refuseAtOnce = (event) => {
  throw new OrderRefusedError(event);
};
exports.throwValue = async (event) => {
  throw event; // eslint-disable-line no-throw-literal
};
exports.unserialisable = async () => {
  const result = {};
  result.itself = result;
  return result;
};
exports.nothing = async () => {};
exports.textOfLength = async (event) => "x".repeat(event);
exports.exitWith = async (event) => process.exit(event);
exports.signalItself = async (event) => {
  process.kill(process.pid, event);
  return new Promise((resolve) => setInterval(() => {}, 1000));
};
exports.waitForEver = async () => {
  console.log("waiting");
  return new Promise(() => setInterval(() => {}, 1000));
};
exports.neverSettle = async () => new Promise(() => {});
exports.rejectUnhandled = async () => {
  Promise.reject(new Error("nobody listens"));
  return new Promise(() => setInterval(() => {}, 1000));
};
exports.throwLater = async () => {
  setTimeout(() => {
    throw new OrderRefusedError("too late to catch");
  });
  return new Promise(() => setInterval(() => {}, 1000));
};
exports.allocate = async (event) => {
  const kept = Buffer.alloc(event * 1024 * 1024, 1);
  return kept.length;
};
exports.fillHeap = async () => {
  const kept = [];
  for (;;) kept.push(new Array(1000).fill(kept.length));
};
exports.makeGarbage = async (event) => {
  let length = 0;
  for (let round = 0; round < event; round += 1) length += JSON.stringify(new Array(100_000).fill(round)).length;
  return length;
};

// Handlers that call back.
exports.callBack = (event, context, callback) => {
  setTimeout(() => callback(null, event));
};
exports.callBackError = (event, context, callback) => callback(new OrderRefusedError(event));
exports.callBackTwice = (event, context, callback) => {
  callback(null, "first");
  callback(null, "second");
};
exports.neverCallBack = (event, context, callback) => {}; // eslint-disable-line no-unused-vars
exports.returnWithoutPromise = (event) => event;
exports.callBackAndGoOn = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = event.waits;
  const timer = setTimeout(() => console.log("the loop went on"), event.waits ? 0 : 60_000);
  if (!event.waits) timer.hasRef();
  callback(null, "called back");
};
exports.succeed = (event, context) => context.succeed(event);
exports.fail = (event, context) => context.fail(new OrderRefusedError(event));

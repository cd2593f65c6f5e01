// Functions that write.
console.log("module loaded");

exports.everything = async () => {
  console.log("one\ntwo");
  console.info("three", { a: 1 }, [2]);
  console.warn("with %s", "arguments");
  console.error(new Error("told"));
  console.debug("žluťoučký 🐎");
  process.stderr.write("to stderr\n");
  process.stdout.write("no newline");
};
exports.many = async (event) => {
  for (let number = 0; number < event.count; number += 1) console.log(`${event.token} ${number}`);
};
exports.longLine = async (event) => console.log("x".repeat(event));
exports.lastWords = async () => {
  for (let number = 0; number < 20_000; number += 1) process.stdout.write(`${number}\n`);
  process.exit(1);
};
exports.circular = async () => {
  const value = { name: "loop" };
  value.itself = value;
  console.log(value);
};

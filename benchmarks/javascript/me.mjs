// For each line on stdin, a number: makes so many calls one after another and prints the seconds they took.
import { createInterface } from "node:readline";
import { createOAuth1Client } from "@extrahorizon/javascript-sdk";

const [host, key] = process.argv.slice(2);
const exh = createOAuth1Client({ host, consumerKey: key, consumerSecret: key, token: key, tokenSecret: key });

for await (const line of createInterface({ input: process.stdin })) {
  const started = process.hrtime.bigint();
  for (let call = 0; call < Number(line); call += 1) {
    await exh.users.me();
  }
  console.log(Number(process.hrtime.bigint() - started) / 1e9);
}

// Asks a function that is written in Python, and says it twice.
import { call } from "./platform.mjs";

export async function handler(task) {
  console.log("asking hello-world");
  const execution = await call("POST", "/tasks/v1/functions/hello-world/execute", { data: { name: task.data.name } });
  const { greeting } = execution.result;
  return { greeting: `${greeting} ${greeting}` };
}

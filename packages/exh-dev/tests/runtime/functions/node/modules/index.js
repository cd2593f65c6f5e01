import { readFileSync } from "node:fs";
export const handler = async (event) => ({ kind: "type module", event, reads: typeof readFileSync });

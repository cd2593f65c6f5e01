// Where the SDK and the compiler are installed: a folder outside of the sources.

import { createRequire } from "node:module";
import { join } from "node:path";

export const FOLDER = process.env.OFFICIAL_SDK_FOLDER;
export const require = createRequire(join(FOLDER, "package.json"));
export const sdk = require("@extrahorizon/javascript-sdk");

export const handler = async (event) => ({ kind: "mjs", event, here: import.meta.url.endsWith("esm.mjs") });
export default { handler };

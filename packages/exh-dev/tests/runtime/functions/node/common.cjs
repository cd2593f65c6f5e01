module.exports.handler = async (event) => ({ kind: "cjs", event });

exports.handler = async (event) => ({ kind: "nested", event, by: require("./word").WORD });

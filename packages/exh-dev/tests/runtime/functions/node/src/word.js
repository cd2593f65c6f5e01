exports.WORD = "word";

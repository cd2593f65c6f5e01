// A client of the SDK that keeps account: which methods were called, and where an answer is not of its published type.

import assert from "node:assert/strict";
import { mismatches, promised } from "./published.mjs";

export class Recorder {
  constructor({ names, checker, answers }) {
    this.checker = checker;
    this.answers = answers;
    this.account = new Map(names.map((name) => [name, { answered: 0, refused: [], wrong: [] }]));
    this.last = undefined;
  }

  /** `client`, or a part of it: the same members, each call of which is noted; `kind` is `OAuth1Client`, for example. */
  wrap(client, kind, path = "") {
    return new Proxy(client, {
      get: (target, name) => {
        const member = target[name];
        const below = path ? `${path}.${String(name)}` : String(name);
        if (typeof member === "function" && this.account.has(below)) return this.#recorded(kind, below, member, target);
        return member !== null && typeof member === "object" ? this.wrap(member, kind, below) : member;
      },
    });
  }

  #recorded(client, name, method, owner) {
    return (...given) => {
      this.last = name;
      const { kind, type } = promised(this.checker, this.answers[client].get(name));
      const answer = method.apply(owner, given);
      if (kind === "iterator") return this.#judgedPages(name, answer, type);
      return typeof answer?.then === "function" ? this.#judgedLater(name, answer, type) : this.#judged(name, answer, type);
    };
  }

  /** Note a call of `raw`, which is typed as a function and is none: its members are called. */
  noted(name, answer) {
    this.last = name;
    return this.#judgedLater(name, answer, promised(this.checker, this.answers.OAuth1Client.get(name)).type);
  }

  async #judgedLater(name, answer, type) {
    try {
      return this.#judged(name, await answer, type);
    } catch (error) {
      this.account.get(name).refused.push(codeOf(error));
      this.last = name;
      throw error;
    }
  }

  async *#judgedPages(name, pages, type) {
    for await (const page of pages) yield this.#judged(name, page, type);
    return {};
  }

  #judged(name, answer, type) {
    const noted = this.account.get(name);
    noted.answered += 1;
    for (const each of mismatches(this.checker, answer, type)) {
      if (!noted.wrong.includes(each)) noted.wrong.push(each);
    }
    return answer;
  }
}

/** The platform's code in an error of the SDK, or whatever else names the error. */
function codeOf(error) {
  return error.exhError?.code ?? error.response?.code ?? error.name;
}

/** The error with which a call is refused; its code must be this one. */
export async function refused(code, call) {
  const error = await call.then(
    () => assert.fail(`answered, though ${code} was expected`),
    (thrown) => thrown,
  );
  assert.equal(codeOf(error), code, error.stack);
  return error;
}

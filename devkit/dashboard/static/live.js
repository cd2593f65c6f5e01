// What changes, as the platform tells it.

const listeners = new Set();

/** Call `call({changed, run, line})` for each message; `changed` is null when anything may have changed. */
export function listen(call) {
  listeners.add(call);
}

/** Stay connected while the page is seen: a browser has but six connections for all tabs. `told` hears whether it is. */
export function connect(told) {
  let source = null;
  let missed = false;
  const open = () => {
    source = new EventSource("/_dev/api/changes");
    source.onopen = () => {
      told(true);
      if (missed) for (const call of listeners) call({ changed: null });
      missed = true;
    };
    source.onerror = () => told(false);
    source.onmessage = (event) => {
      const message = JSON.parse(event.data);
      for (const call of listeners) call(message);
    };
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) source?.close();
    else open();
  });
  if (!document.hidden) open();
}

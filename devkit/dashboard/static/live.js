// What changes, as the platform tells it.

let source;
const listeners = new Set();

/** Call `call({changed, run, line})` for each message until what is returned is called. */
export function listen(call) {
  listeners.add(call);
  return () => listeners.delete(call);
}

/** Stay connected; `told` hears whether it is. A connection that was lost may have missed anything. */
export function connect(told) {
  source = new EventSource("/_dev/api/changes");
  let was = false;
  source.onopen = () => {
    told(true);
    if (was) for (const call of listeners) call({ changed: null });
    was = true;
  };
  source.onerror = () => told(false);
  source.onmessage = (event) => {
    const message = JSON.parse(event.data);
    for (const call of [...listeners]) call(message);
  };
}

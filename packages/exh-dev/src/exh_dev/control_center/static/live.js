// What changes, as the platform says it.

const listeners = new Set();

/** Call `call({changed, run, line})` for each message; `changed` is null when anything may have changed. */
export function listen(call) {
  listeners.add(call);
  return () => listeners.delete(call);
}

/**
 * Stay connected; `told` hears whether the page is. One tab listens for all of them, for a browser has but six
 * connections: the one that holds the lock. When it is closed, the next one has it.
 */
export function connect(told) {
  const channel = new BroadcastChannel("changes");
  let connected = null;
  const hear = (message) => {
    if (message.ask) {
      if (connected !== null) channel.postMessage({ connected });
    } else if (message.connected === undefined) {
      for (const call of [...listeners]) call(message);
    } else {
      told(message.connected);
    }
  };
  const tell = (message) => {
    hear(message);
    channel.postMessage(message);
  };
  channel.onmessage = (event) => hear(event.data);
  channel.postMessage({ ask: true });
  navigator.locks.request("changes", () => new Promise(() => {
    const source = new EventSource("/_dev/api/changes");
    let missed = performance.now() > 2000; // another tab listened until now
    source.onopen = () => {
      tell({ connected: (connected = true) });
      // What changed since this tab has loaded its data was told to nobody; after a break, no tab has heard of it.
      (missed ? tell : hear)({ changed: null });
      missed = true;
    };
    source.onerror = () => tell({ connected: (connected = false) });
    source.onmessage = (event) => tell(JSON.parse(event.data));
  }));
}

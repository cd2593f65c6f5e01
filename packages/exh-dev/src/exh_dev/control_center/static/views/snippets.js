// How other tools connect with credentials, ready to be copied.

const value = (each) => each ?? "…";

export const asEnvironment = (known) => `API_HOST=${known.host}
API_OAUTH_CONSUMER_KEY=${value(known.consumer_key)}
API_OAUTH_CONSUMER_SECRET=${value(known.consumer_secret)}
API_OAUTH_TOKEN=${value(known.token)}
API_OAUTH_TOKEN_SECRET=${value(known.token_secret)}
`;

const python = (known) => `from extrahorizon import ExtraHorizon

exh = ExtraHorizon(
    host="${known.host}",
    consumer_key="${value(known.consumer_key)}",
    consumer_secret="${value(known.consumer_secret)}",
    token="${value(known.token)}",
    token_secret="${value(known.token_secret)}",
)
print(exh.users.me()["email"])
`;

const javascript = (known) => `import { createOAuth1Client } from "@extrahorizon/javascript-sdk";

const exh = createOAuth1Client({
  host: "${known.host}",
  consumerKey: "${value(known.consumer_key)}",
  consumerSecret: "${value(known.consumer_secret)}",
});
await exh.auth.authenticate({
  token: "${value(known.token)}",
  tokenSecret: "${value(known.token_secret)}",
});
console.log((await exh.users.me()).email);
`;

const curl = (known) => `# A token of OAuth2, then a call with it.
TOKEN=$(curl -s ${known.host}/auth/v2/oauth2/tokens -H 'Content-Type: application/json' --data '${JSON.stringify({
    grant_type: "password", username: known.email, password: value(known.password), client_id: known.oauth2_client_id, client_secret: value(known.oauth2_client_secret),
  })}' | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
curl -s ${known.host}/users/v1/me -H "Authorization: Bearer $TOKEN"
`;

const cli = (known) => `# ~/.exh/credentials, which the official command line reads
${asEnvironment(known)}
# then, in a project
exh sync
`;

const postman = (known) => `Authorization  OAuth 1.0, HMAC-SHA1, in the header
Consumer Key     ${value(known.consumer_key)}
Consumer Secret  ${value(known.consumer_secret)}
Access Token     ${value(known.token)}
Token Secret     ${value(known.token_secret)}
URL              ${known.host}/users/v1/me
`;

/** `[key, title, text(known)]`. */
export const SNIPPETS = [
  ["env", ".env", asEnvironment], ["python", "Python", python], ["javascript", "JavaScript", javascript],
  ["curl", "curl", curl], ["cli", "exh CLI", cli], ["postman", "Postman", postman],
];

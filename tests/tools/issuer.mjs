// An issuer of tokens as a city has one, for tests: OpenID Connect Discovery, JWT access tokens (RFC 9068), the
// client-credentials grant, over HTTPS.
//
//   node issuer.mjs SETTINGS      a JSON file: port, chain, key, clients
//
// On SIGHUP it has another key, and the one before is told no more. A client has an id, a secret, the claims of
// its tokens, and for how many seconds they are good.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";

import { Provider } from "oidc-provider";

const settings = JSON.parse(readFileSync(process.argv[2], "utf8"));
const issuer = `https://127.0.0.1:${settings.port}`;
const known = new Map(settings.clients.map((client) => [client.id, client]));

function keys() {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { keys: [{ ...privateKey.export({ format: "jwk" }), kid: randomUUID(), alg: "ES256", use: "sig" }] };
}

function provider() {
  const made = new Provider(issuer, {
    jwks: keys(),
    clients: settings.clients.map(({ id, secret }) => ({
      client_id: id,
      client_secret: secret,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: "ES256",
    })),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource, client) => ({
          audience: resource,
          scope: "",
          accessTokenFormat: "jwt",
          accessTokenTTL: known.get(client.clientId).seconds,
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
    extraTokenClaims: (_, token) => known.get(token.clientId).claims,
  });
  made.on("client_credentials.issued", (token) => console.log(`granted ${token.clientId} ${token.aud}`));
  made.on("server_error", (_, error) => console.log(`error ${error.stack}`));
  made.on("grant.error", (_, error) => console.log(`refused ${error.message} ${error.error_description}`));
  return made.callback();
}

let answer = provider();
process.on("SIGHUP", () => {
  answer = provider();
  console.log("there is another key");
});
const tls = { cert: readFileSync(settings.chain), key: readFileSync(settings.key) };
createServer(tls, (request, response) => answer(request, response)).listen(settings.port, "127.0.0.1", () =>
  console.log("listens"),
);

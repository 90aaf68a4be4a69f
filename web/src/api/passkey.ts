/** WebAuthn speaks in buffers, JSON in base64url; browsers convert both ways themselves. */

interface Wire {
  publicKey: Record<string, unknown>;
}

export function hasPasskeys(): boolean {
  return typeof PublicKeyCredential !== "undefined" && "parseRequestOptionsFromJSON" in PublicKeyCredential;
}

export async function askPasskey(options: Wire): Promise<unknown> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options.publicKey as unknown as PublicKeyCredentialRequestOptionsJSON,
  );
  return toWire(await navigator.credentials.get({ publicKey }));
}

export async function makePasskey(options: Wire): Promise<unknown> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    options.publicKey as unknown as PublicKeyCredentialCreationOptionsJSON,
  );
  return toWire(await navigator.credentials.create({ publicKey }));
}

function toWire(credential: Credential | null): unknown {
  if (!(credential instanceof PublicKeyCredential)) throw new Error("no credential");
  return credential.toJSON();
}

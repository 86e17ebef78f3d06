// jsforce, unchanged, through everything a sync client does; prints what it saw as JSON.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import path from "node:path";

const [folder, infoFile] = process.argv.slice(2);
const jsforce = createRequire(path.join(folder, "package.json"))("jsforce");
const info = JSON.parse(readFileSync(infoFile, "utf8"));
const seen = {};

const oauth2 = new jsforce.OAuth2({
  loginUrl: info.login_url,
  clientId: info.client_id,
  clientSecret: info.client_secret,
  redirectUri: "http://localhost:1717/callback",
  useVerifier: true,
});
const page = await fetch(oauth2.getAuthorizationUrl({ scope: "api refresh_token", state: "s" }), { redirect: "manual" });
const code = new URL(page.headers.get("location")).searchParams.get("code");
const conn = new jsforce.Connection({ oauth2, instanceUrl: info.instance_url, version: "66.0" });
await conn.authorize(code);
const who = await conn.identity();
seen.identity = [who.user_id === info.user_id, who.username === info.username];
seen.versions = (await conn.request("/services/data")).at(-1).version;

const made = await conn.sobject("Contact").create({ LastName: "Lovelace", Email: "ada@example.com" });
await conn.sobject("Contact").update({ Id: made.id, Title: "Countess" });
seen.title = (await conn.sobject("Contact").retrieve(made.id)).Title;
seen.upsert = (await conn.sobject("Contact").upsert({ LastName: "Up", Keva_Id__c: "j1" }, "Keva_Id__c")).created;
await conn.sobject("Contact").destroy(made.id);
seen.gone = await conn.sobject("Contact").retrieve(made.id).then(() => "still there", (e) => e.errorCode);
seen.invalid = await conn.sobject("Contact").create({ FirstName: "x" }).then(() => "created", (e) => e.errorCode);
seen.fields = (await conn.sobject("Contact").describe()).fields.some((field) => field.name === "Keva_Id__c");

const many = Array.from({ length: 450 }, (_, n) => ({ LastName: n === 3 ? "" : `C${n}`, Phone: `${n}` }));
const results = await conn.sobject("Contact").create(many, { allowRecursive: true });
seen.collections = [results.length, results.filter((result) => !result.success).length];

const rows = Array.from({ length: 5001 }, (_, n) => ({ LastName: `L${n}`, Company: 'a "b", c\nd' }));
const loaded = await conn.bulk2.loadAndWaitForResults({ object: "Lead", operation: "insert", input: rows, pollTimeout: 60000, pollInterval: 200 });
seen.ingest = [loaded.successfulResults.length, loaded.failedResults.length, loaded.unprocessedRecords.length];
const upserted = await conn.bulk2.loadAndWaitForResults({
  object: "Contact", operation: "upsert", externalIdFieldName: "Keva_Id__c", pollTimeout: 60000, pollInterval: 200,
  input: [{ LastName: "Again", Keva_Id__c: "j1" }, { LastName: "", Keva_Id__c: "j2" }],
});
seen.bulkUpsert = [upserted.successfulResults[0].sf__Created, upserted.failedResults[0].sf__Error.split(":")[0]];

const first = await conn.query("SELECT Id, Company FROM Lead");
const all = await conn.query("SELECT Id FROM Lead", { autoFetch: true, maxFetch: 10000 });
const second = await conn.queryMore(first.nextRecordsUrl);
seen.queryMore = [first.totalSize, first.records.length, second.records.length, new Set(all.records.map((r) => r.Id)).size];
seen.company = first.records[0].Company;

const stream = await conn.bulk2.query("SELECT Id, Company FROM Lead", { pollTimeout: 60000, pollInterval: 200 });
const records = await stream.toArray();
seen.bulkQuery = [records.length, records[0].Company];

await fetch(`${info.instance_url}/__sandbox__/oauth`, { method: "POST", body: '{"expire":true}' });
seen.refreshed = (await conn.query("SELECT COUNT() FROM Lead")).totalSize;
console.log(JSON.stringify(seen));

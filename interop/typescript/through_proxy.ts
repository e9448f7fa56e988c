const answer = await fetch(`${process.env.THINGSPACE_PROXY_URL}/m2m/v1/accounts/0000123456-00001`);
if (!answer.ok) throw new Error(`status ${answer.status}`);
console.log(await answer.text());

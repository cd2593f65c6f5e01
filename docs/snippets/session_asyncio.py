import asyncio

from extrahorizon import ExtraHorizon, rql

exh = ExtraHorizon()


async def main() -> None:
    me, users = await asyncio.gather(asyncio.to_thread(exh.users.me), asyncio.to_thread(exh.users.find, rql.limit(1)))
    print(me["id"], users.limit)


asyncio.run(main())

from extrahorizon.sidefx import newest_first, service

sidefx = service()
builds = sidefx.download.get_daily_builds_list("houdini", version="20.5", platform="linux", only_production=True)
for build in newest_first(builds):
    print(build["version"], build["build"], build["platform"], build["date"], build["status"])

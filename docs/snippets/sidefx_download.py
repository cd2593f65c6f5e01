from extrahorizon.sidefx import download_build, newest_first, service

sidefx = service()
builds = sidefx.download.get_daily_builds_list("houdini", platform="linux", only_production=True)
latest = newest_first(build for build in builds if build["status"] == "good")[0]
path = download_build(
    sidefx, latest["product"], latest["version"], latest["build"], latest["platform"], directory="builds"
)
print(path, path.stat().st_size)

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Packs the extension with its client library: package.sh [FOLDER] makes FOLDER/sedge-VERSION.vsix (default: here).
# Needs npm, which fetches the library that package-lock.json names, and python3, which packs. A .vsix is a zip archive with a manifest.
set -euo pipefail
out=$(realpath "${1:-.}")
cd "$(dirname "${BASH_SOURCE[0]}")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/extension"
license=LICENSE # beside it where it is installed
[ -f "$license" ] || license=../../../LICENSE
cp -r package.json package-lock.json extension.js language-configuration.json README.md syntaxes "$license" "$work/extension/"
(cd "$work/extension" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error)

python3 - "$work" "$out" <<'PYTHON'
import json
import sys
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

work, out = map(Path, sys.argv[1:])
package = json.loads((work / "extension/package.json").read_text())
manifest = f"""<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id={quoteattr(package["name"])} Version={quoteattr(package["version"])}
              Publisher={quoteattr(package["publisher"])}/>
    <DisplayName>{escape(package["displayName"])}</DisplayName>
    <Description xml:space="preserve">{escape(package["description"])}</Description>
    <Categories>{escape(",".join(package["categories"]))}</Categories>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value={quoteattr(package["engines"]["vscode"])}/>
    </Properties>
    <License>extension/LICENSE</License>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Dependencies/>
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/README.md" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.License" Path="extension/LICENSE" Addressable="true"/>
  </Assets>
</PackageManifest>
"""
files = sorted(path for path in (work / "extension").rglob("*") if path.is_file())
kinds = sorted({path.suffix for path in files if path.suffix} | {".vsixmanifest"})
types = "".join(f'<Default Extension="{kind}" ContentType="application/octet-stream"/>' for kind in kinds)
names = "".join(f'<Override PartName={quoteattr("/" + path.relative_to(work).as_posix())} '
                f'ContentType="application/octet-stream"/>' for path in files if not path.suffix)
vsix = out / f"{package['name']}-{package['version']}.vsix"
with zipfile.ZipFile(vsix, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("extension.vsixmanifest", manifest)
    archive.writestr("[Content_Types].xml", '<?xml version="1.0" encoding="utf-8"?>'
                     f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{types}{names}</Types>')
    for path in files:
        archive.write(path, path.relative_to(work).as_posix())
print(vsix)
PYTHON

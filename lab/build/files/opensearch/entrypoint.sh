#!/bin/bash
# As the published image does: a variable whose name could not be a shell's own (node.name, discovery.type) is a setting.
cd /usr/share/opensearch || exit 1
settings=()
while IFS='=' read -r -d '' name value; do
  [[ $name =~ ^[a-z0-9_]+(\.[a-z0-9_]+)+$ ]] && settings+=("-E$name=$value")
done < <(env -0)
exec bin/opensearch "${settings[@]}"

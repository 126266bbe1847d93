{{- /* what each component is: kind, ports in order, and its own values */ -}}
{{- define "components" -}}
query: {kind: Deployment, key: query, ports: [http 9090, grpc 10901], service: [http 9090, grpc 10901]}
query-frontend: {kind: Deployment, key: queryFrontend, ports: [http 9090], service: [http 9090]}
storegateway: {kind: StatefulSet, key: storegateway, ports: [grpc 10901, http 10902], service: [http 10902, grpc 10901], data: store}
compactor: {kind: StatefulSet, key: compactor, ports: [http 10902], service: [http 10902], data: compact}
ruler: {kind: StatefulSet, key: ruler, ports: [http 10902, grpc 10901], service: [http 10902], data: ruler}
{{- end -}}

{{- define "selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{- define "labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: thanos
{{- end -}}

{{- define "metadata" -}}
name: {{ .root.Values.fullnameOverride }}-{{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "labels" .root | nindent 2 }}
  app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{- define "objstore" -}}
name: objstore
secret:
  secretName: {{ .Values.global.objstore.secretName }}
  items: [{key: {{ .Values.global.objstore.secretKey }}, path: objstore.yml}]
{{- end -}}

{{- define "args" -}}
{{- $values := .root.Values -}}
{{- $name := $values.fullnameOverride -}}
{{- $srv := printf "%s.svc.cluster.local" .root.Release.Namespace -}}
{{- if eq .name "query" }}
- query
- --http-address=0.0.0.0:9090
- --grpc-address=0.0.0.0:10901
- --endpoint=dnssrv+_grpc._tcp.{{ $name }}-storegateway.{{ $srv }}
- --endpoint=dnssrv+_grpc._tcp.{{ $name }}-ruler-headless.{{ $srv }}
{{- range $values.query.replicaLabels }}
- --query.replica-label={{ . }}
{{- end }}
{{- else if eq .name "query-frontend" }}
- query-frontend
- --http-address=0.0.0.0:9090
- --query-frontend.downstream-url=http://{{ $name }}-query:9090
- --query-range.response-cache-config-file=/etc/thanos/cache.yaml
{{- else if eq .name "storegateway" }}
- store
- --grpc-address=0.0.0.0:10901
- --http-address=0.0.0.0:10902
- --objstore.config-file=/etc/thanos/objstore.yml
- --data-dir=/var/thanos/store
{{- else if eq .name "compactor" }}
- compact
- --http-address=0.0.0.0:10902
- --objstore.config-file=/etc/thanos/objstore.yml
- --data-dir=/var/thanos/compact
- --wait
- --retention.resolution-raw={{ $values.compactor.retention.resolutionRaw }}
- --retention.resolution-5m={{ $values.compactor.retention.resolution5m }}
- --retention.resolution-1h={{ $values.compactor.retention.resolution1h }}
{{- else if eq .name "ruler" }}
- rule
- --http-address=0.0.0.0:10902
- --grpc-address=0.0.0.0:10901
- --data-dir=/var/thanos/ruler
- --objstore.config-file=/etc/thanos/objstore.yml
- --rule-file=/etc/thanos/rules/*.yaml
- --label=ruler_replica="$(POD_NAME)"
- --alert.label-drop=ruler_replica
- --alertmanagers.config-file=/etc/thanos/alertmanagers.yaml
- --query.config-file=/etc/thanos/query-urls.yaml
- --alert.query-url={{ $values.ruler.alertQueryUrl }}
{{- end }}
{{- range (index $values .key).extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "mounts" -}}
{{- if eq .name "query-frontend" }}
- {name: cache, mountPath: /etc/thanos/cache.yaml, subPath: cache.yaml}
{{- end }}
{{- if .data }}
- {name: data, mountPath: /var/thanos/{{ .data }}}
{{- if eq .name "compactor" }}
- {name: objstore, mountPath: /etc/thanos, readOnly: true}
{{- else }}
- {name: objstore, mountPath: /etc/thanos/objstore.yml, subPath: objstore.yml, readOnly: true}
{{- end }}
{{- end }}
{{- if eq .name "ruler" }}
- {name: rules, mountPath: /etc/thanos/rules}
- {name: am, mountPath: /etc/thanos/alertmanagers.yaml, subPath: alertmanagers.yaml}
- {name: query, mountPath: /etc/thanos/query-urls.yaml, subPath: query-urls.yaml}
{{- end }}
{{- with (index .root.Values .key).extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "volumes" -}}
{{- $name := .root.Values.fullnameOverride -}}
{{- if eq .name "query-frontend" }}
- {name: cache, configMap: {name: {{ $name }}-query-frontend-cache}}
{{- end }}
{{- if .data }}
- {{- include "objstore" .root | nindent 2 }}
{{- end }}
{{- if eq .name "ruler" }}
- {name: rules, configMap: {name: {{ $name }}-ruler-rules}}
- {name: am, configMap: {name: {{ $name }}-ruler-am}}
- {name: query, configMap: {name: {{ $name }}-ruler-query}}
{{- end }}
{{- with (index .root.Values .key).extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Labels of everything; the argument is (list . "part"). */ -}}
{{- define "common" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: {{ .Chart.Name }}
app.kubernetes.io/version: {{ .Chart.Version }}
chart: {{ .Chart.Name }}-{{ .Chart.Version }}
heritage: {{ .Release.Service }}
release: {{ .Release.Name }}
{{- end -}}
{{- define "labels" -}}
{{- $root := index . 0 -}}
app: {{ $root.Chart.Name }}-{{ index . 1 }}
{{ include "common" $root }}
{{- end -}}
{{- define "account-labels" -}}
{{- $root := index . 0 -}}
{{ include "labels" (list $root (index . 1)) }}
app.kubernetes.io/component: {{ index . 2 }}
app.kubernetes.io/name: {{ $root.Chart.Name }}-{{ index . 2 }}
{{- end -}}
{{- define "exporter-selector" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/name: prometheus-node-exporter
{{- end -}}
{{- define "exporter-labels" -}}
{{ include "exporter-selector" . }}
app.kubernetes.io/component: metrics
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: prometheus-node-exporter
release: {{ .Release.Name }}
{{- end -}}
{{- define "state-selector" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/name: kube-state-metrics
{{- end -}}
{{- define "state-labels" -}}
{{ include "state-selector" . }}
app.kubernetes.io/component: metrics
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: kube-state-metrics
release: {{ .Release.Name }}
{{- end -}}

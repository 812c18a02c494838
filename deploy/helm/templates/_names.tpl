{{/* Names and labels. What is about one component gets (dict "root" $ "component" "serve" …). */}}

{{- define "channel-sessions.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 46 | trimSuffix "-" }}
{{- end }}

{{/* Short enough for what is appended to it, within the 63 characters that a name may have. */}}
{{- define "channel-sessions.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 46 | trimSuffix "-" }}
{{- else if contains (include "channel-sessions.name" .) .Release.Name }}
{{- .Release.Name | trunc 46 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "channel-sessions.name" .) | trunc 46 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* The name of what belongs to a component: that of the release for `serve`. */}}
{{- define "channel-sessions.of" -}}
{{- $name := include "channel-sessions.fullname" .root }}
{{- if eq .component "serve" }}{{ $name }}{{ else }}{{ printf "%s-%s" $name .component }}{{ end }}
{{- end }}

{{/* What a component's pods are found by. It can never change. */}}
{{- define "channel-sessions.selector" -}}
app.kubernetes.io/name: {{ include "channel-sessions.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "channel-sessions.labels" -}}
{{ include "channel-sessions.selector" . }}
app.kubernetes.io/version: {{ .root.Values.image.tag | default .root.Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "channel-sessions.image" -}}
{{- $image := .Values.image }}
{{- if $image.digest }}
{{- printf "%s@%s" $image.repository $image.digest }}
{{- else }}
{{- printf "%s:%s" $image.repository ($image.tag | default .Chart.AppVersion) }}
{{- end }}
{{- end }}

{{/* The components that there are, with the values of each, as JSON. */}}
{{- define "channel-sessions.components" -}}
{{- $components := dict "serve" (pick .Values "replicas" "tls" "settings" "resources" "autoscaling" "service") }}
{{- if .Values.gateway.enabled }}
{{- $_ := set $components "gateway" (pick .Values.gateway "replicas" "tls" "settings" "resources" "autoscaling" "service") }}
{{- end }}
{{- toJson $components }}
{{- end }}

{{/* Values that cannot be meant: all that is wrong, with what to set. The program refuses the same, but only in its pods. */}}

{{- define "channel-sessions.check" -}}
{{- $values := .Values }}
{{- $wrong := list }}
{{- $settings := $values.settings }}
{{- $tls := $values.tls }}
{{- $clientCa := or $tls.clientCa.secret $tls.clientCa.configMap }}
{{- $insecure := include "channel-sessions.insecure" $settings }}
{{- $authn := splitList "," (toString (default "none" $settings.AUTHN)) }}
{{- $file := or (has "api-keys" $authn) (has "client-certificates" $authn) }}

{{- if not $values.database.secret }}
{{- $wrong = append $wrong "database.secret: name a Secret with the URL of PostgreSQL under the key `url`, such as that of `kubectl create secret generic channel-sessions-database --from-file=url=FILE`" }}
{{- end }}
{{- if not (or $tls.secret $insecure) }}
{{- $wrong = append $wrong "tls.secret: name a Secret with tls.crt and tls.key; or set settings.INSECURE to true, where whoever reaches the pods may read what passes" }}
{{- end }}
{{- if and (has "none" $authn) (not $insecure) }}
{{- $wrong = append $wrong "settings.AUTHN: say how callers show who they are: oidc, api-keys, client-certificates, or several separated by commas; or set settings.INSECURE to true, where whoever reaches the pods may read and write everything" }}
{{- end }}
{{- if and $file (not $values.credentials.secret) }}
{{- $wrong = append $wrong "credentials.secret: AUTHN api-keys and client-certificates need a Secret with the file that names callers" }}
{{- end }}
{{- if and $values.credentials.secret (not $file) }}
{{- $wrong = append $wrong "credentials.secret has no effect without settings.AUTHN api-keys or client-certificates" }}
{{- end }}
{{- if and (has "client-certificates" $authn) (not $clientCa) }}
{{- $wrong = append $wrong "tls.clientCa: AUTHN client-certificates needs the authorities that issue them" }}
{{- end }}
{{- if and (has "oidc" $authn) (not (and $settings.OIDC_ISSUER $settings.OIDC_AUDIENCE)) }}
{{- $wrong = append $wrong "settings.OIDC_ISSUER and settings.OIDC_AUDIENCE: AUTHN oidc needs both" }}
{{- end }}
{{- if and $clientCa (not $tls.secret) }}
{{- $wrong = append $wrong "tls.clientCa needs tls.secret" }}
{{- end }}
{{- if and $clientCa (not $values.metrics.enabled) (eq $values.database.migration "start") }}
{{- $wrong = append $wrong "database.migration: with tls.clientCa and without metrics, probes cannot see whether an instance is ready, and one that migrates would get calls: set it to job" }}
{{- end }}
{{- range $name, $value := merge (dict) $settings $values.gateway.settings }}
{{- if and (hasPrefix "OTEL_" $name) (contains "HEADERS" $name) }}
{{- $wrong = append $wrong (printf "settings.%s: it may hold a token, so take it from a Secret by extraEnv" $name) }}
{{- end }}
{{- end }}
{{- $serviceMonitor := $values.metrics.serviceMonitor.enabled }}
{{- if and $serviceMonitor (not $values.metrics.enabled) }}
{{- $wrong = append $wrong "metrics.serviceMonitor needs metrics.enabled" }}
{{- end }}
{{- if and $serviceMonitor $values.networkPolicy.enabled (not $values.networkPolicy.metrics) }}
{{- $wrong = append $wrong "networkPolicy.metrics: say from where Prometheus reads, or it is let in nowhere" }}
{{- end }}

{{- if $values.gateway.enabled }}
{{- $gateway := $values.gateway }}
{{- $ca := $gateway.upstream.ca }}
{{- $toService := or $ca.system $ca.secret $ca.configMap }}
{{- $insecure := include "channel-sessions.insecure" $gateway.settings }}
{{- if not (or $gateway.tls.secret $insecure) }}
{{- $wrong = append $wrong "gateway.tls.secret: name a Secret with tls.crt and tls.key; or set gateway.settings.INSECURE to true" }}
{{- end }}
{{- if and (or $gateway.tls.clientCa.secret $gateway.tls.clientCa.configMap) (not $gateway.tls.secret) }}
{{- $wrong = append $wrong "gateway.tls.clientCa needs gateway.tls.secret" }}
{{- end }}
{{- if and $tls.secret (not $toService) }}
{{- $wrong = append $wrong "gateway.upstream.ca: name the authorities of the certificate in tls.secret" }}
{{- end }}
{{- if and $toService (not $tls.secret) }}
{{- $wrong = append $wrong "gateway.upstream.ca: the service has no TLS without tls.secret" }}
{{- end }}
{{- if not (or $tls.secret $toService $insecure) }}
{{- $wrong = append $wrong "gateway.settings.INSECURE: the service has no TLS; set it to true, where others may read what passes" }}
{{- end }}
{{- if and $clientCa (not $gateway.upstream.secret) }}
{{- $wrong = append $wrong "gateway.upstream.secret: the service asks for a certificate (tls.clientCa), so the gateway needs one" }}
{{- end }}
{{- end }}

{{- if $wrong }}
{{- fail (printf "\n\nThese values cannot be meant, see deploy/README.md:\n- %s" (join "\n- " $wrong)) }}
{{- end }}
{{- end }}

{{/* Parts of the NetworkPolicies. */}}

{{- define "polyak.ofRelease" -}}
app.kubernetes.io/name: polyak
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* (root, first port, last port): an entry of `ingress`, for who collects metrics; none where nobody is named. */}}
{{- define "polyak.metricsIngress" -}}
{{- $root := index . 0 -}}
{{- with $root.Values.networkPolicy.monitoringNamespace }}
- from:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ . | quote }}
  ports:
    - { port: {{ index $ 1 }}, protocol: TCP{{ if gt (int (index $ 2)) (int (index $ 1)) }}, endPort: {{ index $ 2 }}{{ end }} }
{{- end }}
{{- end -}}

{{/* Of one of dataEgress or checkpointEgress: a NetworkPolicyPeer, or a network in short. */}}
{{- define "polyak.egressTo" -}}
- to:
    {{- if hasKey . "cidr" }}
    - ipBlock:
        {{- toYaml . | nindent 8 }}
    {{- else }}
    - {{ toYaml . | nindent 6 | trim }}
    {{- end }}
{{- end -}}

{{- define "polyak.toCluster" -}}
- to:
    - namespaceSelector: {}
  ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
- to:
    - podSelector:
        matchLabels:
          {{- include "polyak.ofRelease" . | nindent 10 }}
  ports:
    - { port: 7350, protocol: TCP }
    - { port: 7351, protocol: TCP }
{{- end -}}

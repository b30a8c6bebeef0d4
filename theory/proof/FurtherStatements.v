(** * The main theorems, continued

    In the words of [Network.v] and [VectorFieldNetwork.v].  Each proof is one line that names the
    theorem from which it is taken. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics ErrorConstants Network VectorFieldNetwork.
From CEP Require Import CorrectedVectorField.
Set Implicit Arguments.
Open Scope R_scope.

(** ** 8. Theorem 1 without symmetry: corrected C-VF

    [s_(t+1) = F(s_t, theta_t) - beta grad ell(s_t) - (J - J^T)(s_t - s_star)],
    [theta_(t+1) = theta_t + (eta / beta) (dF/dtheta (s_t, theta_t))^T (s_(t+1) - s_t)],
    for any differentiable vector field [F]: no primitive function, no symmetry. *)

(** BPTT's gradients exist, and are [(J^T)^t grad ell] and its image under [(dF/dtheta)^T]. *)
Theorem vector_field_gradients (N : vector_field) (t : nat) :
  vf_differentiable N -> vf_transposes N -> vf_loss_differentiable N -> vf_settled N ->
  let v := iterate (vf_Jt N) t (vf_grad_ell N (vf_s_star N)) in
  vf_is_nabla_s N t v /\ vf_is_nabla_theta N t (vf_Bt N v).
Proof. intros HD HT HL HS. exact (@vf_bptt_gradients N HD HT HS t HL). Qed.

(** [eta -> 0] first, then [beta -> 0]. *)
Theorem theorem1_without_symmetry (N : vector_field) (t : nat) (g_s : vf_State N) (g_th : vf_Param N) :
  vf_differentiable N -> vf_transposes N -> vf_loss_differentiable N -> vf_continuous_nearby N -> vf_settled N ->
  vf_is_nabla_s N t g_s -> vf_is_nabla_theta N t g_th ->
  iterated_limit (corrected_Delta_state N t) (opp g_s) /\ iterated_limit (corrected_Delta_param N t) (opp g_th).
Proof. intros HD HT HL HC HS. exact (@corrected_iterated_limit N HD HT HS t g_s g_th HL HC). Qed.

(** Both together, along any filter, with [eta / beta -> kappa]: BPTT with the transposed Jacobian
    [J^T + kappa (dF/dtheta) (dF/dtheta)^T]. *)
Theorem joint_limit_without_symmetry (N : vector_field)
  (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R) (kappa : R) (t : nat) :
  vf_differentiable N -> vf_transposes N -> continuous (vf_grad_ell N) (vf_s_star N) -> vf_settled N ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (kappa:R)) ->
  let modified y := plus (vf_Jt N y) (scal (kappa : R_AbsRing) (vf_B N (vf_Bt N y))) in
  let v := iterate modified t (vf_grad_ell N (vf_s_star N)) in
  filterlim (fun x => corrected_Delta_state N t (beta x) (eta x)) along (locally (opp v)) /\
  filterlim (fun x => corrected_Delta_param N t (beta x) (eta x)) along (locally (opp (vf_Bt N v))).
Proof. intros HD HT HC HS. exact (@corrected_joint_limit N HD HT HS T along HF beta eta kappa t HC). Qed.

(** With [eta / beta -> 0], minus the gradients. *)
Theorem vanishing_ratio_without_symmetry (N : vector_field)
  (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R)
  (t : nat) (g_s : vf_State N) (g_th : vf_Param N) :
  vf_differentiable N -> vf_transposes N -> vf_loss_differentiable N -> vf_settled N ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (0:R)) ->
  vf_is_nabla_s N t g_s -> vf_is_nabla_theta N t g_th ->
  filterlim (fun x => corrected_Delta_state N t (beta x) (eta x)) along (locally (opp g_s)) /\
  filterlim (fun x => corrected_Delta_param N t (beta x) (eta x)) along (locally (opp g_th)).
Proof. intros HD HT HL HS. exact (@corrected_joint_limit_0 N HD HT HS T along HF beta eta t g_s g_th HL). Qed.

(** The error, with the constants of [error_bound], of data that bound [J^T] in the place of [J]. *)
Theorem error_bound_without_symmetry (N : vector_field) (d : problem_data) (t : nat) (g_s : vf_State N) (g_th : vf_Param N) :
  vf_differentiable N -> vf_transposes N -> vf_loss_differentiable N -> vf_settled N ->
  nonnegative d -> vf_bounds N d -> vf_is_nabla_s N t g_s -> vf_is_nabla_theta N t g_th ->
  forall beta eta : R, beta <> 0 -> Rabs beta + Rabs (eta / beta) <= validity_radius d t ->
  norm (plus (corrected_Delta_state N t beta eta) g_s) <= state_constant d t * (Rabs beta + Rabs (eta / beta)) /\
  (eta <> 0 -> norm (plus (corrected_Delta_param N t beta eta) g_th) <= param_constant d t * (Rabs beta + Rabs (eta / beta))).
Proof. intros HD HT HL HS. exact (@corrected_error_bound N HD HT HS d t g_s g_th HL). Qed.

(** When [J = J^T] nothing is corrected: the second phase is that of the paper's C-VF, at every
    [beta], [eta] and [t] ... *)
Theorem no_correction_when_symmetric (N : vector_field) (beta eta : R) (t : nat) :
  (forall x, vf_J N x = vf_Jt N x) ->
  cvf_less N (asymmetry N) beta eta t =
  nudged_phase (vf_F N) (vf_grad_ell N) (vf_rule (vf_H N)) (vf_s_star N) (vf_theta N) beta eta t.
Proof. intros HJ. exact (@corrected_is_plain N HJ beta eta t). Qed.

(** ... and Theorem 1 is the symmetric case: the proof of [theorem1_without_symmetry] gives it again. *)
Theorem theorem1_as_symmetric_case (N : network) (t : nat) (g_s : State N) (g_th : Param N) :
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N ->
  continuous_nearby N -> settled N ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  iterated_limit (Delta_state N t) (opp g_s) /\ iterated_limit (Delta_param N t) (opp g_th).
Proof. exact (@CorrectedVectorField.theorem1_as_symmetric_case N t g_s g_th). Qed.

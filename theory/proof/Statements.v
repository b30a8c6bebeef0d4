(** * The main theorems, each in full

    This file can be read alone, after [Network.v], which says what a network at rest, its
    second phase and its BPTT gradients are.  Each proof is one line that names the theorem
    from which it is taken. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse.
From CEP Require Import Potential Theorem1 JointLimit Network.
Set Implicit Arguments.
Open Scope R_scope.

(** ** 1. Theorem 1 of the paper *)

(** BPTT's gradients exist, for every [t]. *)
Theorem bptt_gradients_exist (N : network) (t : nat) :
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> settled N ->
  exists g_s g_th, is_nabla_s N t g_s /\ is_nabla_theta N t g_th.
Proof.
intros HP [DF [DPhi [HF HPhi]]] [Hl Hc] HS.
destruct (@bptt_gradients _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ HP _ _ HF HPhi Hl HS t) as [G1 G2].
do 2 eexists; split; [exact G1 | exact G2].
Qed.

(** [eta -> 0] first, then [beta -> 0]:
    the normalised updates tend to minus BPTT's gradients, for every [t]. *)
Theorem theorem1 (N : network) (t : nat) (g_s : State N) (g_th : Param N) :
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N ->
  continuous_nearby N -> settled N ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  iterated_limit (Delta_state N t) (opp g_s) /\ iterated_limit (Delta_param N t) (opp g_th).
Proof.
intros HP [DF [DPhi [HF HPhi]]] [Hl Hc] [C1 [C2 C3]] HS.
exact (@cep_theorem1 _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ HP _ _ HF HPhi Hl Hc HS C1 C2 C3 t g_s g_th).
Qed.

(** The gradient in the copy of [theta] used in the transition from [T - t - 1] to [T - t]
    is the one of the loss of the whole unrolled computation, [T] steps from rest with one
    copy of [theta] a step, all others held fixed. *)
Theorem unrolled_loss_of_one_copy (N : network) (T t : nat) (g : Param N) :
  settled N -> (t < T)%nat ->
  (is_gradient (Param N) (dot_param N)
     (fun v => ell N (unrolled (F N) (s_star N) (fun k => if Nat.eqb k (T - (t + 1)) then v else theta N) T))
     (theta N) g
   <-> is_nabla_theta N t g).
Proof. intros HS Ht. exact (@bptt_time_index _ _ _ _ _ HS (ell N) (dot_param N) T t g Ht). Qed.

(** With one [theta] shared by [K] steps, the gradient is the sum of those of its copies. *)
Theorem total_gradient (N : network) (K : nat) :
  has_primitive_function N -> twice_differentiable N -> loss_differentiable N -> settled N ->
  exists g_th : nat -> Param N,
    (forall t, is_nabla_theta N t (g_th t)) /\
    is_gradient (Param N) (dot_param N) (fun th => ell N (unrolled_shared (F N) (s_star N) K th))
      (theta N) (partial_sum g_th K).
Proof.
intros HP [DF [DPhi [HF HPhi]]] [Hl Hc] HS.
exact (@total_bptt_gradient _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ HP _ _ HF HPhi Hl HS K).
Qed.

(** The Jacobian is symmetric, and the mixed second derivatives are adjoint: proved from
    [Phi], not assumed. *)
Theorem jacobian_symmetric (N : network) DF DPhi_theta :
  has_primitive_function N -> derivatives N DF DPhi_theta ->
  (forall x y, dot_state N (dF_ds DF x) y = dot_state N x (dF_ds DF y)) /\
  (forall v x, dot_state N (dF_dtheta DF v) x = dot_param N v (dPhi_theta_ds DPhi_theta x)).
Proof.
intros HP [HF HPhi].
exact (conj (@Potential.jacobian_symmetric _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ HP _ _ HF HPhi)
  (@mixed_derivative_adjoint _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ HP _ _ HF HPhi)).
Qed.

(** Theorem 1 in [R^(n+1)] for the states and [R^(m+1)] for the parameters, with [Phi] twice
    differentiable everywhere and no mention of normed spaces or filters of neighbourhoods. *)
Theorem theorem1_Rn (n m : nat) (Phi : Rn n * Rn m -> R)
  (F : Rn n * Rn m -> Rn n) (Phi_theta : Rn n * Rn m -> Rn m)
  (ell : Rn n -> R) (grad_ell : Rn n -> Rn n) (s_star : Rn n) (theta : Rn m) :
  let Z := prod_NormedModule R_AbsRing (Rn n) (Rn m) in
  (forall z : Z, is_gradient Z (@product_inner (Rn n) (Rn m) (dot n) (dot m)) Phi z (F z, Phi_theta z)) ->
  (forall z : Z, ex_filterdiff (U := Z) F (locally z)) ->
  (forall z : Z, ex_filterdiff (U := Z) Phi_theta (locally z)) ->
  (forall s, is_gradient (Rn n) (dot n) ell s (grad_ell s)) -> (forall s, continuous grad_ell s) ->
  F (s_star, theta) = s_star ->
  forall (t : nat) (g_s : Rn n) (g_th : Rn m),
  is_gradient (Rn n) (dot n) (fun s => ell (free_phase F theta t s)) s_star g_s ->
  is_gradient (Rn m) (dot m) (fun th => ell (free_phase F theta t (F (s_star, th)))) theta g_th ->
  iterated_limit (fun beta eta => Delta_s F grad_ell (ep_rule Phi_theta) s_star theta beta eta t) (opp g_s) /\
  iterated_limit (fun beta eta => Delta_theta F grad_ell (ep_rule Phi_theta) s_star theta beta eta t) (opp g_th).
Proof. exact (@cep_theorem1_Rn n m Phi F Phi_theta ell grad_ell s_star theta). Qed.

(** ** 3. The joint limit at a fixed ratio *)

(** When [beta -> 0] and [eta / beta -> kappa] together, along any filter, C-EP follows BPTT
    of a modified network: its Jacobian is [J + kappa dF_dtheta dPhi_theta_ds] in place of [J]. *)
Theorem joint_limit (N : network) DF DPhi_theta
  (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R) (kappa : R) (t : nat) :
  derivatives N DF DPhi_theta -> continuous (grad_ell N) (s_star N) -> settled N ->
  filterlim beta along (locally (0:R)) ->
  along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (kappa:R)) ->
  let modified y := plus (dF_ds DF y) (scal (kappa : R_AbsRing) (dF_dtheta DF (dPhi_theta_ds DPhi_theta y))) in
  let v := iterate modified t (grad_ell N (s_star N)) in
  filterlim (fun x => Delta_state N t (beta x) (eta x)) along (locally (opp v)) /\
  filterlim (fun x => Delta_param N t (beta x) (eta x)) along (locally (opp (dPhi_theta_ds DPhi_theta v))).
Proof.
intros [HdF HdPhi] Hc HS Hb Hb0 He0 Hk.
exact (@cep_joint_limit _ _ _ _ _ _ _ _ _ HdF HdPhi Hc HS T along HF beta eta kappa Hb Hb0 He0 Hk t).
Qed.

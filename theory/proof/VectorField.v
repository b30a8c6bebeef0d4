(** * C-VF: vector-field dynamics

    The generalisation of the paper to dynamics that do not derive from a primitive function:
    [F] is any vector field, its Jacobian [J] need not be symmetric, and the rule is
    [theta' = theta + (eta/beta) H (s' - s)] with [H = (dF/dtheta)^T].  Write [g] for the loss
    gradient at rest; BPTT has [nabla_s(t) = (J^T)^t g] and [nabla_theta(t) = H nabla_s(t)], while the second phase
    iterates [J] itself.

    - [vf_iterated_limit], [vf_joint_limit]: the updates tend to
      [- nabla_s(t) - bias] and [- nabla_theta(t) - H bias] with [bias = J^t g - (J^T)^t g], in the
      paper's order of limits and along every filter with eta/beta -> 0;
      [vf_limit_at_fixed_kappa] is the limit when eta/beta -> kappa.
    - [vf_bias_bound]: [|bias| <= t |J - J^T| max(|J|, 1)^(t-1) |g|]; in a Hilbert norm [|J^T| <= |J|]
      ([transpose_bound] in [Hilbert.v]).
    - [vf_bias_symmetric], [vf_unbiased_iff_symmetric]: no bias when [J] is symmetric, and only then
      if it is to vanish for every loss.
    - [VectorFieldExample.v]: a network whose bias does not vanish, and attains the bound.

    Idea.  The limits are those of [LinearResponse.v], which never used the symmetry of [J].  The bound
    telescopes: [J^(t+1) - K^(t+1) = J (J^t - K^t) + (J - K) K^t], here with [K = J^T]. *)
From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse.
From CEP Require Export Vocabulary.
Set Implicit Arguments.
Open Scope R_scope.

(** ** Its size *)
Section BiasBound.
Variable V : NM.
Variables (J Jt : V -> V) (nJ delta : R).
Hypothesis J_linear : is_linear J.
Hypothesis J_bound : forall x, norm (J x) <= nJ * norm x.
Hypothesis Jt_bound : forall x, norm (Jt x) <= nJ * norm x.
Hypothesis asymmetry : forall x, norm (minus (J x) (Jt x)) <= delta * norm x.
Hypothesis nJ_pos : 0 <= nJ.
Hypothesis delta_pos : 0 <= delta.

Lemma iterate_bound t g : norm (iterate Jt t g) <= nJ ^ t * norm g.
Proof.
induction t as [|t IH]; simpl. lra. eapply Rle_trans. apply Jt_bound.
rewrite Rmult_assoc. now apply Rmult_le_compat_l.
Qed.
(** With the power of the norm itself, which is sharper for a contraction. *)
Theorem vf_bias_bound_sharp t g : norm (vf_bias J Jt t g) <= INR t * delta * nJ ^ (t - 1) * norm g.
Proof.
induction t as [|t IH].
- unfold vf_bias. simpl. assert (E : minus g g = zero) by module V. rewrite E, norm_zero. lra.
- assert (E : vf_bias J Jt (S t) g = plus (J (vf_bias J Jt t g)) (minus (J (iterate Jt t g)) (Jt (iterate Jt t g)))).
  { unfold vf_bias. simpl.
    assert (E1 : J (minus (iterate J t g) (iterate Jt t g)) = minus (J (iterate J t g)) (J (iterate Jt t g))) by exact (linear_minus J _ _ J_linear).
    rewrite E1. module V. }
  rewrite E, S_INR. replace (S t - 1)%nat with t by lia.
  eapply Rle_trans. apply norm_triangle.
  replace ((INR t + 1) * delta * nJ ^ t * norm g) with (INR t * delta * nJ ^ t * norm g + delta * (nJ ^ t * norm g)) by ring.
  apply Rplus_le_compat.
  + eapply Rle_trans. apply J_bound. apply Rle_trans with (nJ * (INR t * delta * nJ ^ (t - 1) * norm g)). now apply Rmult_le_compat_l.
    destruct t as [|t]. simpl. lra. replace (S t - 1)%nat with t by lia. right. simpl pow. ring.
  + eapply Rle_trans. apply asymmetry. apply Rmult_le_compat_l; auto. apply iterate_bound.
Qed.
Theorem vf_bias_bound t g : norm (vf_bias J Jt t g) <= INR t * delta * Rmax nJ 1 ^ (t - 1) * norm g.
Proof.
eapply Rle_trans. apply vf_bias_bound_sharp. apply Rmult_le_compat_r. apply norm_ge_0.
apply Rmult_le_compat_l. apply Rmult_le_pos; auto. apply pos_INR. apply pow_incr. split; auto. apply Rmax_l.
Qed.
End BiasBound.

(** ** When it vanishes *)
Theorem vf_bias_symmetric (V : NM) (J Jt : V -> V) : (forall x, J x = Jt x) -> forall t g, vf_bias J Jt t g = zero.
Proof. intros H t g. unfold vf_bias. rewrite (iterate_ext J Jt t g H). module V. Qed.
Theorem vf_unbiased_iff_symmetric (V : NM) (J Jt : V -> V) :
  (forall t g, vf_bias J Jt t g = zero) <-> (forall x, J x = Jt x).
Proof.
split. 2: apply vf_bias_symmetric.
intros H x. assert (E := H 1%nat x). unfold vf_bias in E. simpl in E.
apply plus_reg_r with (opp (Jt x)). rewrite plus_opp_r. exact E.
Qed.

(** ** The limits *)
Section CVF.
Variables State Param : NM.
Notation Z := (prod_NormedModule R_AbsRing State Param).
Notation ZS := (prod_NormedModule R_AbsRing Z State).
Variables (ipS : State -> State -> R) (ipT : Param -> Param -> R).
Hypothesis HS : is_inner_product State ipS.
Hypothesis HT : is_inner_product Param ipT.
Variables (F : State * Param -> State) (ell : State -> R) (grad_ell : State -> State) (s_star : State) (theta : Param).
(** [Jt] is the transpose of the Jacobian; [H z] is the transpose of [dF/dtheta] at [z], continuous at rest. *)
Variables (J Jt : State -> State) (B : Param -> State) (H : State * Param -> State -> Param).
Hypothesis J_linear : is_linear J.
Hypothesis B_linear : is_linear B.
Hypothesis H_linear : is_linear (H (s_star, theta)).
Hypothesis F_diff : filterdiff (U := Z) F (locally ((s_star, theta) : Z)) (fun h => plus (J (fst h)) (B (snd h))).
Hypothesis J_transpose : forall x y, ipS (J x) y = ipS x (Jt y).
Hypothesis B_transpose : forall v y, ipS (B v) y = ipT v (H (s_star, theta) y).
Hypothesis H_cont : forall eps : posreal, locally ((s_star, theta) : Z) (fun z => forall w, norm (minus (H z w) (H (s_star, theta) w)) <= eps * norm w).
Hypothesis ell_grad : is_gradient State ipS ell s_star (grad_ell s_star).
Hypothesis grad_ell_cont : continuous grad_ell s_star.
Hypothesis settled : F (s_star, theta) = s_star.

Local Notation g := (grad_ell s_star).
Local Notation H0 := (H (s_star, theta)).
Local Notation vf_Delta_s := (Delta_s F grad_ell (vf_rule H) s_star theta).
Local Notation vf_Delta_theta := (Delta_theta F grad_ell (vf_rule H) s_star theta).
Local Notation rule_diff := (@vf_rule_diff State Param s_star theta H H_linear H_cont).

Lemma vf_rule_at_rest : vf_rule H ((s_star, theta), s_star) = zero.
Proof.
unfold vf_rule; simpl. assert (E : minus s_star s_star = zero) by module State. rewrite E. exact (linear_zero _ H_linear).
Qed.
Lemma H_opp y : H0 (opp y) = opp (H0 y).
Proof. exact (linear_opp _ y H_linear). Qed.

(** eta/beta -> kappa: the modified Jacobian [J + kappa B B^T], as for C-EP. *)
Theorem vf_limit_at_fixed_kappa {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF} (beta eta : T -> R) (kappa : R) :
  filterlim beta FF (locally (0:R)) -> FF (fun x => beta x <> 0) -> FF (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) FF (locally (kappa:R)) -> forall t,
  filterlim (fun x => vf_Delta_s (beta x) (eta x) t) FF (locally (opp (iterate (modified_jacobian J B H0 kappa) t g))) /\
  filterlim (fun x => vf_Delta_theta (beta x) (eta x) t) FF (locally (opp (H0 (iterate (modified_jacobian J B H0 kappa) t g)))).
Proof.
intros Hb Hb0 He0 Hk t.
destruct (@Delta_limit_closed State Param F grad_ell (vf_rule H) s_star theta J B H0 J_linear B_linear H_linear settled vf_rule_at_rest F_diff
  rule_diff grad_ell_cont T FF HF beta eta kappa Hb Hb0 Hk t) as [L1 [_ L3]].
split. exact L1. rewrite <- H_opp. exact (L3 He0).
Qed.

Section Bias.
Variables (t : nat) (g_s : State) (g_th : Param).
Hypothesis bptt_s : is_gradient State ipS (fun s => ell (free_phase F theta t s)) s_star g_s.
Hypothesis bptt_theta : is_gradient Param ipT (fun th => ell (free_phase F theta t (F (s_star, th)))) theta g_th.
Let bias := vf_bias J Jt t g.

Lemma nabla_iterate s : nabla_s s Jt t = iterate Jt t s.
Proof. clear. induction t; simpl; congruence. Qed.
Lemma vf_nabla_s : g_s = iterate Jt t g.
Proof.
rewrite <- nabla_iterate. apply (gradient_unique HS bptt_s).
exact (@bptt_gradient_state State Param ipS HS F ell g s_star theta J B settled F_diff ell_grad B_linear Jt J_transpose t).
Qed.
Lemma vf_nabla_theta : g_th = H0 (iterate Jt t g).
Proof.
rewrite <- nabla_iterate. apply (gradient_unique HT bptt_theta).
exact (@bptt_gradient_param State Param ipS ipT HS HT F ell g s_star theta J B settled F_diff ell_grad J_linear B_linear Jt H0 J_transpose B_transpose t).
Qed.
Lemma biased_s : opp (iterate J t g) = opp (plus g_s bias).
Proof. rewrite vf_nabla_s. unfold bias, vf_bias. module State. Qed.
Lemma biased_theta : opp (H0 (iterate J t g)) = opp (plus g_th (H0 bias)).
Proof.
rewrite vf_nabla_theta. unfold bias, vf_bias.
assert (E : H0 (minus (iterate J t g) (iterate Jt t g)) = minus (H0 (iterate J t g)) (H0 (iterate Jt t g))) by exact (linear_minus _ _ _ H_linear).
rewrite E. module Param.
Qed.

(** Along every filter with beta -> 0 and eta/beta -> 0. *)
Theorem vf_joint_limit {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF} (beta eta : T -> R) :
  filterlim beta FF (locally (0:R)) -> FF (fun x => beta x <> 0) -> FF (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) FF (locally (0:R)) ->
  filterlim (fun x => vf_Delta_s (beta x) (eta x) t) FF (locally (opp (plus g_s bias))) /\
  filterlim (fun x => vf_Delta_theta (beta x) (eta x) t) FF (locally (opp (plus g_th (H0 bias)))).
Proof.
intros Hb Hb0 He0 Hk. destruct (@vf_limit_at_fixed_kappa T FF HF beta eta 0 Hb Hb0 He0 Hk t) as [L1 L2].
assert (E : iterate (modified_jacobian J B H0 0) t g = iterate J t g) by (apply iterate_ext; apply modified_jacobian_0).
rewrite E, biased_s in L1. rewrite E, biased_theta in L2. auto.
Qed.

(** In the paper's order: eta -> 0 first, beta -> 0 after. *)
Theorem vf_iterated_limit :
  locally ((s_star, theta) : Z) (fun z => continuous (F : Z -> State) z) ->
  locally s_star (fun s => continuous grad_ell s) ->
  locally (((s_star, theta), s_star) : ZS) (fun p => continuous (vf_rule H : ZS -> Param) p) ->
  iterated_limit (fun beta eta => vf_Delta_s beta eta t) (opp (plus g_s bias)) /\
  iterated_limit (fun beta eta => vf_Delta_theta beta eta t) (opp (plus g_th (H0 bias))).
Proof.
intros cF cg cH.
destruct (@nudged_phase_iterated_limit State Param F grad_ell (vf_rule H) s_star theta J B H0 J_linear B_linear H_linear settled vf_rule_at_rest F_diff
  rule_diff grad_ell_cont cF cg cH t) as [L1 L2].
rewrite biased_s in L1. rewrite H_opp, biased_theta in L2. auto.
Qed.

(** With a symmetric Jacobian, C-VF computes minus the gradients, like C-EP. *)
Theorem vf_joint_limit_symmetric {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF} (beta eta : T -> R) :
  (forall x y, ipS (J x) y = ipS x (J y)) ->
  filterlim beta FF (locally (0:R)) -> FF (fun x => beta x <> 0) -> FF (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) FF (locally (0:R)) ->
  filterlim (fun x => vf_Delta_s (beta x) (eta x) t) FF (locally (opp g_s)) /\
  filterlim (fun x => vf_Delta_theta (beta x) (eta x) t) FF (locally (opp g_th)).
Proof.
intros Hsym Hb Hb0 He0 Hk. destruct (@vf_joint_limit T FF HF beta eta Hb Hb0 He0 Hk) as [L1 L2].
assert (E : bias = zero).
{ apply vf_bias_symmetric. intros x. apply (ip_ext HS). intros y.
  now rewrite Hsym, (ip_sym HS x), J_transpose, (ip_sym HS y). }
assert (E1 : H0 zero = zero) by exact (linear_zero _ H_linear).
rewrite E, plus_zero_r in L1. rewrite E, E1, plus_zero_r in L2. auto.
Qed.

(** The distance between the limit of the update of the parameters and minus the gradient. *)
Theorem vf_bias_bound_param (nJ nH delta : R) : 0 <= nJ -> 0 <= nH -> 0 <= delta ->
  (forall x, norm (J x) <= nJ * norm x) -> (forall x, norm (Jt x) <= nJ * norm x) ->
  (forall x, norm (minus (J x) (Jt x)) <= delta * norm x) -> (forall x, norm (H0 x) <= nH * norm x) ->
  norm (H0 bias) <= nH * (INR t * delta * Rmax nJ 1 ^ (t - 1) * norm g).
Proof.
intros P1 P2 P3 B1 B2 B3 B4. eapply Rle_trans. apply B4. apply Rmult_le_compat_l; auto.
exact (@vf_bias_bound State J Jt nJ delta J_linear B1 B2 B3 P1 P3 t g).
Qed.
End Bias.
End CVF.
